//! The correct signature in another spelling.

use countersign::RejectionKind as Kind;

use crate::forge::Plan;
use crate::shape::{Around, Shape, Text};
use crate::{Class, Mutant, accepted, class, rejected};

pub(crate) fn classes() -> Vec<Class> {
    vec![
        class("b64-unpadded", |shape| base64(shape, "=", |text| vec![text.replace('=', "")])),
        class("b64-extra-padding", |shape| {
            base64(shape, "", |text| vec![format!("{text}="), format!("{text}==")])
        }),
        class("b64-other-alphabet", other_alphabet),
        class("b64-stray-bits", stray_bits),
        class("b64-white-space", |shape| base64(shape, "", spaced)),
        class("hex-odd", |shape| {
            hexadecimal(shape, |text| vec![format!("{text}0"), text[1..].into()])
        }),
        class("hex-sign", |shape| hexadecimal(shape, |text| vec![format!("+f{}", &text[2..])])),
        class("hex-prefix", |shape| hexadecimal(shape, |text| vec![format!("0x{}", &text[2..])])),
        class("hex-foreign-digits", |shape| {
            hexadecimal(shape, |text| {
                vec![format!("{}g", &text[1..]), text.replace(&text[..1], "O")]
            })
        }),
        class("hex-too-long", |shape| {
            hexadecimal(shape, |text| {
                vec![format!("{text}00"), format!("00{text}"), text.repeat(2)]
            })
        }),
        class("hex-white-space", |shape| hexadecimal(shape, spaced)),
        class("valid-hex-case", hex_case),
        class("sig-extended", extended),
        class("sig-quoted", quoted),
        class("sig-space", space),
        class("sig-fullwidth", fullwidth),
    ]
}

/// White space inside.
fn spaced(text: &str) -> Vec<String> {
    let (start, end) = text.split_at(4);
    vec![format!("{start}\n{end}"), format!("{start}\t{end}"), format!("{start}%20{end}")]
}

/// A request with a wrong signature.
fn wrong(plan: &Plan, signature: String) -> Mutant {
    let is_printable = signature.bytes().all(|byte| matches!(byte, b' '..=b'~'));
    let kind = match plan.shape.around {
        Around::Body => plan.shape.rejection_of(&signature),
        _ if !is_printable => Kind::MalformedHeader,
        _ => plan.shape.rejection_of(&signature),
    };
    let what = signature.escape_debug().to_string();
    rejected(what, plan.clone().under(signature).request(), kind)
}

fn base64(shape: &Shape, holds: &str, change: fn(&str) -> Vec<String>) -> Vec<Mutant> {
    if !matches!(shape.text, Text::Base64 | Text::UrlUnpadded) {
        return Vec::new();
    }
    let Some(plan) = shape.with_signature(|text| text.contains(holds)) else { return Vec::new() };
    change(&plan.signature).into_iter().map(|text| wrong(&plan, text)).collect()
}

fn hexadecimal(shape: &Shape, change: fn(&str) -> Vec<String>) -> Vec<Mutant> {
    if shape.text != Text::Hex {
        return Vec::new();
    }
    let plan = shape.good();
    change(&plan.signature).into_iter().map(|text| wrong(&plan, text)).collect()
}

fn other_alphabet(shape: &Shape) -> Vec<Mutant> {
    let (own, other) = match shape.text {
        Text::Base64 => (['+', '/'], ['-', '_']),
        Text::UrlUnpadded => (['-', '_'], ['+', '/']),
        Text::Hex | Text::Plain => return Vec::new(),
    };
    let swapped = |(own, other): (char, char)| {
        let plan = shape.with_signature(|text| text.contains(own)).unwrap();
        let text = plan.signature.replace(own, &other.to_string());
        wrong(&plan, text)
    };
    own.into_iter().zip(other).map(swapped).collect()
}

/// The last character with bits beyond the last byte.
fn stray_bits(shape: &Shape) -> Vec<Mutant> {
    const LETTERS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    if !matches!(shape.text, Text::Base64 | Text::UrlUnpadded) {
        return Vec::new();
    }
    let unpadded = shape.text == Text::UrlUnpadded;
    let plan = shape.with_signature(|text| {
        let last = text.trim_end_matches('=').chars().last().unwrap();
        (unpadded || text.ends_with('=')) && LETTERS.contains(last) && !last.eq(&'9')
    });
    let plan = plan.unwrap();
    let body = plan.signature.trim_end_matches('=');
    let padding = &plan.signature[body.len()..];
    let (start, last) = body.split_at(body.len() - 1);
    let next = LETTERS.chars().nth(LETTERS.find(last).unwrap() + 1).unwrap();
    vec![wrong(&plan, format!("{start}{next}{padding}"))]
}

fn hex_case(shape: &Shape) -> Vec<Mutant> {
    if shape.text != Text::Hex {
        return Vec::new();
    }
    let plan = shape.good();
    let capitals = plan.signature.to_uppercase();
    vec![accepted("in capitals", plan.under(capitals).request())]
}

fn extended(shape: &Shape) -> Vec<Mutant> {
    let plan = shape.good();
    let text = &plan.signature;
    ["z", "zz", "AAAA", "=", ".", "0", "00", "\0"]
        .into_iter()
        .flat_map(|more| [format!("{text}{more}"), format!("{more}{text}")])
        .map(|text| wrong(&plan, text))
        .collect()
}

fn quoted(shape: &Shape) -> Vec<Mutant> {
    let plan = shape.good();
    ["\"", "'", "`"].map(|mark| wrong(&plan, format!("{mark}{}{mark}", plan.signature))).into()
}

/// White space that an HTTP parser would strip around a value.
fn space(shape: &Shape) -> Vec<Mutant> {
    let plan = shape.good();
    if shape.allows_white_space {
        return [" ", "\t"]
            .into_iter()
            .flat_map(|blank| {
                [format!("{blank}{}", plan.signature), format!("{}{blank}", plan.signature)]
            })
            .map(|text| accepted("around", plan.clone().under(text).request()))
            .collect();
    }
    let before = wrong(&plan, format!(" {}", plan.signature));
    let after = match shape.around {
        // A space separates the items of a list.
        Around::Versioned(_) => {
            accepted("behind", plan.clone().under(format!("{} ", plan.signature)).request())
        }
        _ => wrong(&plan, format!("{} ", plan.signature)),
    };
    vec![before, after]
}

fn fullwidth(shape: &Shape) -> Vec<Mutant> {
    let plan = shape.good();
    let wide = |letter: char| char::from_u32(u32::from(letter) + 0xfee0).unwrap();
    let first = plan.signature.chars().next().unwrap();
    let text = format!("{}{}", wide(first), &plan.signature[1..]);
    vec![wrong(&plan, text), wrong(&plan, plan.signature.chars().map(wide).collect())]
}

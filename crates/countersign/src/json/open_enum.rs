//! A string enumeration that its sender may extend at any time.

/// Declares an enum of the known values of a string, plus `Other` for the rest.
///
/// Known values are ASCII and are recognised without regard to case and without allocating; they
/// are written back as declared. `Other` keeps its text exactly. It is a `String`, since a `Box<str>`
/// would not make the enum smaller: a box has no room for the tag, a capacity has.
macro_rules! open_enum {
    (
        $(#[$meta:meta])*
        $vis:vis enum $Enum:ident {
            $($(#[$variant_meta:meta])* $Variant:ident = $text:literal,)+
        }
    ) => {
        $(#[$meta])*
        ///
        /// Known values are recognised without regard to ASCII case, so build one with
        /// `From<&str>`; an `Other` made by hand never equals a known value.
        #[derive(Clone, Debug, Eq, Hash, PartialEq)]
        #[non_exhaustive]
        $vis enum $Enum {
            $($(#[$variant_meta])* $Variant,)+
            /// Any other value, exactly as it was sent.
            Other(::std::string::String),
        }

        impl $Enum {
            /// The value as text: known values in the sender's spelling, any other as it was sent.
            #[must_use]
            $vis fn as_str(&self) -> &str {
                match self {
                    $(Self::$Variant => $text,)+
                    Self::Other(text) => text,
                }
            }
        }

        impl ::std::convert::From<&str> for $Enum {
            fn from(text: &str) -> Self {
                $(
                    if text.eq_ignore_ascii_case($text) {
                        return Self::$Variant;
                    }
                )+
                Self::Other(text.into())
            }
        }

        impl ::std::fmt::Display for $Enum {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl ::serde::Serialize for $Enum {
            fn serialize<S: ::serde::Serializer>(
                &self,
                serializer: S,
            ) -> ::std::result::Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> ::serde::Deserialize<'de> for $Enum {
            fn deserialize<D: ::serde::Deserializer<'de>>(
                deserializer: D,
            ) -> ::std::result::Result<Self, D::Error> {
                struct Text;

                impl ::serde::de::Visitor<'_> for Text {
                    type Value = $Enum;

                    fn expecting(
                        &self,
                        f: &mut ::std::fmt::Formatter<'_>,
                    ) -> ::std::fmt::Result {
                        f.write_str("a string")
                    }

                    // Borrowed and owned strings both arrive here.
                    fn visit_str<E>(self, text: &str) -> ::std::result::Result<$Enum, E> {
                        ::std::result::Result::Ok(text.into())
                    }
                }

                deserializer.deserialize_str(Text)
            }
        }
    };
}

pub(crate) use open_enum;

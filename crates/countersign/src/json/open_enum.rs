//! String enumerations that a sender may extend at any time.

/// Declares an enum of the known values of a string, plus `Other` for all other values.
///
/// Known values are ASCII, are recognised in any case without allocating, and are serialized as
/// declared. `Other` keeps its text exactly. It holds a `String`, not a `Box<str>`: the enum's tag fits
/// into a niche of the capacity, so the box would not make the enum smaller.
macro_rules! open_enum {
    (
        $(#[$meta:meta])*
        $vis:vis enum $Enum:ident {
            $($(#[$variant_meta:meta])* $Variant:ident = $text:literal,)+
        }
    ) => {
        $(#[$meta])*
        ///
        /// Known values are recognised in any ASCII case by `From<&str>`. An `Other` that is
        /// constructed directly never equals a known value.
        #[derive(Clone, Debug, Eq, Hash, PartialEq)]
        #[non_exhaustive]
        $vis enum $Enum {
            $($(#[$variant_meta])* $Variant,)+
            /// Any other value, exactly as the sender wrote it.
            Other(::std::string::String),
        }

        impl $Enum {
            /// Returns the value as text: a known value in its documented spelling, any other as the
            /// sender wrote it.
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

                    // Visitors forward borrowed and owned strings to this method.
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

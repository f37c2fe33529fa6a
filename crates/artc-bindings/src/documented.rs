//! The macro that writes the documented enums: numbers, documented names and spelling variants in one place.
//!
//! Not for enums of our own: those need no numbers.

/// Declares an enum whose members carry the documents' numbers and names.
///
/// Each member reads `Variant = number => "DocumentedName" | "SpellingVariant"`; sentinels (members that only bound
/// a range) become names with numbers, not variants, so that a `match` never has an arm that cannot happen.
macro_rules! documented_enum {
    (
        $(#[$meta:meta])*
        pub enum $name:ident $(=> $documented:literal)? {
            $(
                $(#[$vmeta:meta])*
                $variant:ident = $value:literal => $first:literal $(| $other:literal)*,
            )+
        }
        $(sentinels { $( $sentinel:literal = $svalue:literal ),+ $(,)? })?
    ) => {
        $(#[$meta])*
        $(
            #[doc = concat!("\n\nDocumented as `", $documented, "`.")]
            #[doc(alias = $documented)]
        )?
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[repr(i64)]
        pub enum $name {
            $(
                $(#[$vmeta])*
                #[doc = concat!("\n\nDocumented as `", $first, "` (", stringify!($value), ").")]
                #[doc(alias = $first)]
                $(#[doc(alias = $other)])*
                $variant = $value,
            )+
        }

        impl $name {
            /// Every member, in the documents' order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// Every documented name with its number: first spellings, spelling variants and sentinels.
            pub const NAMES: &'static [(&'static str, i64)] = &[
                $( ($first, $value), $( ($other, $value), )* )+
                $( $( ($sentinel, $svalue) ),+ )?
            ];

            /// The documented number.
            pub const fn value(self) -> i64 {
                self as i64
            }

            /// The member with this number; `None` for a number the documents do not have and for sentinels.
            pub const fn from_value(value: i64) -> Option<Self> {
                match value {
                    $( $value => Some(Self::$variant), )+
                    _ => None,
                }
            }

            /// The member with this documented name, in any documented spelling.
            pub fn from_name(name: &str) -> Option<Self> {
                match name {
                    $( $first $(| $other)* => Some(Self::$variant), )+
                    _ => None,
                }
            }

            /// The documented name, first spelling.
            pub const fn name(self) -> &'static str {
                match self {
                    $( Self::$variant => $first, )+
                }
            }
        }
    };
}

pub(crate) use documented_enum;

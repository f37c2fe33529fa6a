//! Times as the documents write them: UTC.

use time::OffsetDateTime;

/// A time that has not come yet.
pub const NEVER: &str = "0001-01-01T00:00:00Z";

/// `YYYY-MM-DDThh:mm:ssZ` of seconds since 1970; [`NEVER`] for what no calendar has.
pub fn utc(seconds: i64) -> String {
    let Ok(at) = OffsetDateTime::from_unix_timestamp(seconds) else { return NEVER.to_owned() };
    let (hour, minute, second) = at.to_hms();
    format!("{:04}-{:02}-{:02}T{hour:02}:{minute:02}:{second:02}Z", at.year(), u8::from(at.month()), at.day())
}

/// The same with milliseconds, which callbacks' settings are shown with.
pub fn utc_ms(milliseconds: i64) -> String {
    let whole = utc(milliseconds.div_euclid(1000));
    format!("{}.{:03}Z", whole.trim_end_matches('Z'), milliseconds.rem_euclid(1000))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_those_of_the_documents() {
        assert_eq!(utc(1_619_005_652), "2021-04-21T11:47:32Z");
        assert_eq!(utc_ms(1_617_797_118_072), "2021-04-07T12:05:18.072Z");
        assert_eq!(utc(i64::MAX), NEVER);
        assert_eq!(utc(1_709_164_800), "2024-02-29T00:00:00Z");
    }
}

//! Names as each language spells them.

/// `camera.set_control` or `not_allowed` as `cameraSetControl`, `notAllowed`.
pub fn camel(name: &str) -> String {
    let pascal = pascal(name);
    let first = pascal.chars().next().map(|letter| letter.to_ascii_lowercase());
    first.into_iter().chain(pascal.chars().skip(1)).collect()
}

/// The same as `CameraSetControl`, `NotAllowed`.
pub fn pascal(name: &str) -> String {
    name.split(['.', '_'])
        .flat_map(|word| word.chars().take(1).map(|first| first.to_ascii_uppercase()).chain(word.chars().skip(1)))
        .collect()
}

/// The same as `camera_set_control`, `not_allowed`.
pub fn snake(name: &str) -> String {
    name.replace('.', "_")
}

/// What a page of GitHub's kind makes of a heading, for links to it.
pub fn anchor(heading: &str) -> String {
    let kept = heading.chars().filter(|letter| letter.is_alphanumeric() || matches!(letter, ' ' | '-' | '_'));
    kept.map(|letter| if letter == ' ' { '-' } else { letter.to_ascii_lowercase() }).collect()
}

/// `text` in lines of at most `width` characters, broken between words.
pub fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

//! The ARTC engine API: trait, types, events, error codes, join token; backends sdk and fake.

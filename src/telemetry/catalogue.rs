//! Events that an operator searches the journal for, by ids that never change: journald's `MESSAGE_ID`. What each means and what is to be
//! done stands in packaging/systemd/artc-edge.catalog, which `journalctl -x` shows. An event is one of these by its name
//! (`tracing::info!(name: "joined", ...)`).

use std::io;

use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::registry::{LookupSpan, Registry};

use super::log::goes_to_journal;

/// Names and ids. An id that was shipped is never given to something else.
pub const EVENTS: &[(&str, &str)] = &[
    ("started", "394be0b68dc54a70ab1ef511379a5b3f"),
    ("restarted", "6f193b6cd7a84f628ce18ac83a6a39db"),
    ("safe_mode", "c19f53bc3e494b9f9bb5d941c7dff284"),
    ("safe_mode_left", "6c04c4d4606b47bba03ad325a1e235e6"),
    ("ready", "c771661b128140bba9cec823839d7842"),
    ("stopping", "2b45f9c024db404da3a14b88a2347e20"),
    ("joined", "665ffe79600c488db6742bc8344cc58d"),
    ("connection_lost", "caea15aa05d442b78766ca36d233238a"),
    ("not_joined", "674b3bdcdbba4b36856079052a1c840e"),
    ("camera_lost", "2888e844bd494e448d628ce0d8969785"),
    ("camera_live", "1f3be2fbb1014980906f9ecc2ad3f916"),
    ("loop_hangs", "80f2f51ac9634d4f9d1dd9d46228d403"),
    ("loops_turn", "ed4e6fb2f0df45bc8d0de31a0f216c2e"),
    ("configuration_rolled_back", "e339d26936754643b76bc4c2930b2eb7"),
    ("provisioning_taken", "054d273a3dab447283e5faeb18420518"),
    ("provisioning_refused", "5517b65e521f41edad801e0cd3937c73"),
    ("provisioning_undone", "44ccdd96a9ee4d96ba4e2396a78af2ae"),
    ("update_installed", "398eee86aa7e4fb4af5b1da64c940887"),
    ("update_failed", "505a3ae1cca4423b90e7fd0bde205068"),
    ("update_kept", "326f26b80d91464fa62be319818d99f2"),
    ("update_left", "1156c7cad75140288cb20ff2e2943049"),
    ("audit", "2a207ba8353b4420a5f5e039910be574"),
];

/// Writes to the journal, events of the catalogue with their ids.
pub(super) struct Journal {
    plain: tracing_journald::Layer,
    /// The same with the field for the id: the layer takes fields for all of its events, not for one.
    catalogued: Vec<(&'static str, tracing_journald::Layer)>,
}

impl Journal {
    /// # Errors
    /// No journal.
    pub(super) fn new() -> io::Result<Self> {
        let layer = || {
            let layer = tracing_journald::layer()?;
            Ok::<_, io::Error>(layer.with_syslog_identifier("artc-edge".into()).with_field_prefix(Some("ARTC".into())))
        };
        let with = |(name, id): &(&'static str, &'static str)| Ok((*name, layer()?.with_custom_fields([("MESSAGE_ID", id)])));
        Ok(Self { plain: layer()?, catalogued: EVENTS.iter().map(with).collect::<io::Result<_>>()? })
    }
}

impl<S: Subscriber + for<'span> LookupSpan<'span>> Layer<S> for Journal {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        self.plain.on_new_span(attributes, id, context);
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        self.plain.on_record(id, values, context);
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let name = event.metadata().name();
        let layer = self.catalogued.iter().find(|(known, _)| *known == name).map_or(&self.plain, |(_, layer)| layer);
        layer.on_event(event, context);
    }
}

/// Has a command of the shell, which does not log, leave an event of the catalogue where it runs as a service.
pub fn note(event: impl FnOnce()) {
    if goes_to_journal(io::stderr())
        && let Ok(journal) = Journal::new()
    {
        tracing::subscriber::with_default(Registry::default().with(journal), event);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};
    use std::path::Path;

    use super::*;

    fn sources(folder: &Path, into: &mut String) {
        for entry in std::fs::read_dir(folder).unwrap().flatten() {
            let path = entry.path();
            if path.is_dir() {
                sources(&path, into);
            } else {
                into.push_str(&std::fs::read_to_string(path).unwrap());
            }
        }
    }

    #[test]
    fn each_event_has_an_id_of_its_own_a_place_and_words() {
        let ids: BTreeMap<_, _> = EVENTS.iter().map(|(name, id)| (*id, *name)).collect();
        assert_eq!(ids.len(), EVENTS.len());
        assert!(ids.keys().all(|id| id.len() == 32 && id.chars().all(|letter| matches!(letter, '0'..='9' | 'a'..='f'))));

        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut code = String::new();
        sources(&root.join("src"), &mut code);
        let named: BTreeSet<_> =
            code.split("name: \"").skip(1).filter_map(|rest| rest.split_once("\",").map(|(name, _)| name)).collect();
        for (name, _) in EVENTS {
            assert!(named.contains(name), "nothing logs {name}");
        }

        let words = std::fs::read_to_string(root.join("packaging/systemd/artc-edge.catalog")).unwrap();
        let told: BTreeSet<_> = words.lines().filter_map(|line| line.strip_prefix("-- ")).collect();
        assert_eq!(told, ids.keys().copied().collect(), "the catalogue's ids and these");
        let manual = std::fs::read_to_string(root.join("docs/firmware.md")).unwrap();
        for (id, name) in ids {
            assert!(manual.contains(&format!("| `{name}` | `{id}` |")), "docs/firmware.md does not name {name}");
        }
    }
}

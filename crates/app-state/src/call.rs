//! Calls that have not ended.

use rusqlite::params;

use crate::{State, StateError};

/// A call as it was when it was last kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptCall {
    /// Which.
    pub id: String,
    /// As its maker wrote it.
    pub kept: String,
    /// When, in seconds since 1970.
    pub saved: i64,
}

impl State {
    /// Keeps calls as they are now, and forgets those that have ended (`None`); all of it or nothing.
    ///
    /// # Errors
    /// [`StateError`].
    pub async fn keep_calls(&self, changed: Vec<(String, Option<String>)>, now: i64) -> Result<(), StateError> {
        self.ask(move |db| {
            let change = db.transaction()?;
            for (id, kept) in &changed {
                match kept {
                    Some(kept) => change.execute("INSERT OR REPLACE INTO call VALUES (?1, ?2, ?3)", params![id, kept, now])?,
                    None => change.execute("DELETE FROM call WHERE id = ?1", [id])?,
                };
            }
            change.commit()
        })
        .await
    }

    /// All of them.
    ///
    /// # Errors
    /// [`StateError`].
    pub async fn calls(&self) -> Result<Vec<KeptCall>, StateError> {
        self.ask(|db| {
            let mut read = db.prepare("SELECT id, kept, saved FROM call ORDER BY id")?;
            let rows = read.query_map([], |row| Ok(KeptCall { id: row.get(0)?, kept: row.get(1)?, saved: row.get(2)? }))?;
            rows.collect()
        })
        .await
    }
}

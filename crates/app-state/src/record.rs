//! Apps, and what belongs to each: recording rules, the callback, jobs, and callbacks that are still to be delivered.

use rusqlite::{Connection, OptionalExtension as _, params};

use crate::{State, StateError};

/// An app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct App {
    /// Its id.
    pub app_id: String,
    /// Its name, which no other has.
    pub app_name: String,
    /// When it was made, in seconds since 1970.
    pub made: i64,
}

/// A recording rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Its id.
    pub rule_id: String,
    /// Whose it is.
    pub app_id: String,
    /// What it says, JSON.
    pub body: String,
    /// When it was made.
    pub made: i64,
    /// When it was last changed.
    pub updated: i64,
}

/// A job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// Its id.
    pub job_id: String,
    /// Whose it is.
    pub app_id: String,
    /// What it records.
    pub room_id: String,
    /// Whether it has not ended.
    pub running: bool,
    /// What it says, JSON.
    pub body: String,
    /// When it was made.
    pub made: i64,
}

/// A callback that is still to be delivered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// Which.
    pub id: i64,
    /// Of which app.
    pub app_id: String,
    /// What is posted.
    pub body: String,
    /// How often it was tried.
    pub attempts: u32,
    /// When it is tried next, in seconds since 1970.
    pub due: i64,
}

fn rule(row: &rusqlite::Row<'_>) -> rusqlite::Result<Rule> {
    Ok(Rule { rule_id: row.get(0)?, app_id: row.get(1)?, body: row.get(2)?, made: row.get(3)?, updated: row.get(4)? })
}

fn job(row: &rusqlite::Row<'_>) -> rusqlite::Result<Job> {
    Ok(Job {
        job_id: row.get(0)?,
        app_id: row.get(1)?,
        room_id: row.get(2)?,
        running: row.get(3)?,
        body: row.get(4)?,
        made: row.get(5)?,
    })
}

fn all_jobs<P: rusqlite::Params>(db: &Connection, which: &str, of: P) -> rusqlite::Result<Vec<Job>> {
    let mut read = db.prepare(&format!("SELECT job_id, app_id, room_id, running, body, made FROM job WHERE {which}"))?;
    let rows = read.query_map(of, job)?;
    rows.collect()
}

impl State {
    /// Makes an app, unless there are `most` of them or another has its name: then `Err` with whether it is the name.
    ///
    /// # Errors
    /// [`StateError`].
    pub async fn make_app(&self, app: App, most: u32) -> Result<Result<(), bool>, StateError> {
        self.ask(move |db| {
            let change = db.transaction()?;
            let named: u32 =
                change.query_row("SELECT count(*) FROM app WHERE app_name = ?1", [&app.app_name], |row| row.get(0))?;
            let there: u32 = change.query_row("SELECT count(*) FROM app", [], |row| row.get(0))?;
            if named > 0 || there >= most {
                return Ok(Err(named > 0));
            }
            change.execute("INSERT INTO app VALUES (?1, ?2, ?3)", params![app.app_id, app.app_name, app.made])?;
            change.commit().map(Ok)
        })
        .await
    }

    /// An app.
    ///
    /// # Errors
    /// [`StateError`].
    pub async fn app(&self, app_id: String) -> Result<Option<App>, StateError> {
        let read = |row: &rusqlite::Row<'_>| Ok(App { app_id: row.get(0)?, app_name: row.get(1)?, made: row.get(2)? });
        self.ask(move |db| db.query_row("SELECT app_id, app_name, made FROM app WHERE app_id = ?1", [app_id], read).optional())
            .await
    }

    /// Makes or changes a rule.
    ///
    /// # Errors
    /// [`StateError`].
    pub async fn put_rule(&self, rule: Rule) -> Result<(), StateError> {
        let text = "INSERT INTO rule VALUES (?1, ?2, ?3, ?4, ?5)
                    ON CONFLICT (rule_id) DO UPDATE SET body = ?3, updated = ?5";
        self.ask(move |db| db.execute(text, params![rule.rule_id, rule.app_id, rule.body, rule.made, rule.updated]))
            .await
            .map(drop)
    }

    /// The rules of an app, the first made first.
    ///
    /// # Errors
    /// [`StateError`].
    pub async fn rules(&self, app_id: String) -> Result<Vec<Rule>, StateError> {
        self.ask(move |db| {
            let text = "SELECT rule_id, app_id, body, made, updated FROM rule WHERE app_id = ?1 ORDER BY made, rule_id";
            let mut read = db.prepare_cached(text)?;
            let rows = read.query_map([app_id], rule)?;
            rows.collect()
        })
        .await
    }

    /// Sets an app's callback.
    ///
    /// # Errors
    /// [`StateError`].
    pub async fn put_callback(&self, app_id: String, body: String, updated_ms: i64) -> Result<(), StateError> {
        let text = "INSERT OR REPLACE INTO callback VALUES (?1, ?2, ?3)";
        self.ask(move |db| db.execute(text, params![app_id, body, updated_ms])).await.map(drop)
    }

    /// An app's callback, and when it was set, in milliseconds since 1970.
    ///
    /// # Errors
    /// [`StateError`].
    pub async fn callback(&self, app_id: String) -> Result<Option<(String, i64)>, StateError> {
        self.ask(move |db| {
            let text = "SELECT body, updated FROM callback WHERE app_id = ?1";
            db.query_row(text, [app_id], |row| Ok((row.get(0)?, row.get(1)?))).optional()
        })
        .await
    }

    /// Makes a job, unless one of its id or of its app and room runs, or `most` run: then `Err` with whether it is the same.
    ///
    /// # Errors
    /// [`StateError`].
    pub async fn make_job(&self, new: Job, most: u32) -> Result<Result<(), bool>, StateError> {
        self.ask(move |db| {
            let change = db.transaction()?;
            let same: u32 = change.query_row(
                "SELECT count(*) FROM job WHERE job_id = ?1 OR (running AND app_id = ?2 AND room_id = ?3)",
                params![new.job_id, new.app_id, new.room_id],
                |row| row.get(0),
            )?;
            let running: u32 = change.query_row("SELECT count(*) FROM job WHERE running", [], |row| row.get(0))?;
            if same > 0 || running >= most {
                return Ok(Err(same > 0));
            }
            let Job { job_id, app_id, room_id, running, body, made } = new;
            change.execute(
                "INSERT INTO job VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                params![job_id, app_id, room_id, running, body, made],
            )?;
            change.commit().map(Ok)
        })
        .await
    }

    /// A job as it is now.
    ///
    /// # Errors
    /// [`StateError`].
    pub async fn change_job(&self, job_id: String, running: bool, body: String) -> Result<(), StateError> {
        let text = "UPDATE job SET running = ?2, body = ?3 WHERE job_id = ?1";
        self.ask(move |db| db.execute(text, params![job_id, running, body])).await.map(drop)
    }

    /// A job of an app.
    ///
    /// # Errors
    /// [`StateError`].
    pub async fn job(&self, app_id: String, job_id: String) -> Result<Option<Job>, StateError> {
        self.ask(move |db| all_jobs(db, "job_id = ?1 AND app_id = ?2", [job_id, app_id])).await.map(|mut found| found.pop())
    }

    /// A job, whosever it is.
    ///
    /// # Errors
    /// [`StateError`].
    pub async fn job_of_any(&self, job_id: String) -> Result<Option<Job>, StateError> {
        self.ask(move |db| all_jobs(db, "job_id = ?1", [job_id])).await.map(|mut found| found.pop())
    }

    /// Jobs that have not ended.
    ///
    /// # Errors
    /// [`StateError`].
    pub async fn running_jobs(&self) -> Result<Vec<Job>, StateError> {
        self.ask(|db| all_jobs(db, "running ORDER BY made, job_id", [])).await
    }

    /// Keeps a callback that is to be delivered, unless `most` wait already. Whether it is kept.
    ///
    /// # Errors
    /// [`StateError`].
    pub async fn post(&self, app_id: String, body: String, due: i64, most: u32) -> Result<bool, StateError> {
        let text = "INSERT INTO delivery (app_id, body, attempts, due)
                    SELECT ?1, ?2, 0, ?3 WHERE (SELECT count(*) FROM delivery) < ?4";
        self.ask(move |db| db.execute(text, params![app_id, body, due, most])).await.map(|made| made == 1)
    }

    /// Those that are waiting, the next first.
    ///
    /// # Errors
    /// [`StateError`].
    pub async fn deliveries(&self, limit: u32) -> Result<Vec<Delivery>, StateError> {
        self.ask(move |db| {
            let text = "SELECT id, app_id, body, attempts, due FROM delivery ORDER BY due, id LIMIT ?1";
            let mut read = db.prepare_cached(text)?;
            let rows = read.query_map([limit], |row| {
                Ok(Delivery { id: row.get(0)?, app_id: row.get(1)?, body: row.get(2)?, attempts: row.get(3)?, due: row.get(4)? })
            })?;
            rows.collect()
        })
        .await
    }

    /// A delivery was tried in vain and is due again (`Some`), or is over.
    ///
    /// # Errors
    /// [`StateError`].
    pub async fn tried(&self, id: i64, again: Option<i64>) -> Result<(), StateError> {
        self.ask(move |db| match again {
            Some(due) => db.execute("UPDATE delivery SET attempts = attempts + 1, due = ?2 WHERE id = ?1", params![id, due]),
            None => db.execute("DELETE FROM delivery WHERE id = ?1", [id]),
        })
        .await
        .map(drop)
    }
}

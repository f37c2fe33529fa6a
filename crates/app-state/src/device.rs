//! Devices: when they were seen, what they told of themselves, their last pictures, their keys, and the nonces that were used.

use rusqlite::{OptionalExtension as _, params};

use crate::{State, StateError};

/// A device as it was last seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    /// Its client id at the broker.
    pub client: String,
    /// Whether it is there.
    pub here: bool,
    /// Since when that is so, in seconds since 1970.
    pub since: i64,
    /// When it was last heard.
    pub seen: i64,
    /// What it told of itself, as its owner wrote it.
    pub about: Option<String>,
    /// When its last picture came, where there is one.
    pub pictured: Option<i64>,
}

/// The last picture of a device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// When it came, in seconds since 1970.
    pub taken: i64,
    /// JPEG.
    pub jpeg: Vec<u8>,
}

/// A device was heard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sighting {
    /// Its client id.
    pub client: String,
    /// Whether it is there now; `None`: as before, and there if it is new.
    pub here: Option<bool>,
    /// What it tells of itself; `None`: as before.
    pub about: Option<String>,
    /// When, in seconds since 1970.
    pub at: i64,
}

/// The key of a device, and where it may go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceKey {
    /// The device's name.
    pub device: String,
    /// Its public key, as its owner wrote it.
    pub key: String,
    /// Its channels, JSON.
    pub channels: String,
}

impl State {
    /// Writes sightings down, all of them or none.
    ///
    /// # Errors
    /// [`StateError`].
    pub async fn saw(&self, sightings: Vec<Sighting>) -> Result<(), StateError> {
        self.ask(move |db| {
            let change = db.transaction()?;
            {
                let mut write = change.prepare_cached(
                    "INSERT INTO device (client, here, since, seen, about) VALUES (?1, coalesce(?2, 1), ?3, ?3, ?4)
                     ON CONFLICT (client) DO UPDATE SET
                         since = CASE WHEN coalesce(?2, here) = here THEN since ELSE ?3 END,
                         here = coalesce(?2, here), seen = max(seen, ?3), about = coalesce(?4, about)",
                )?;
                for Sighting { client, here, about, at } in &sightings {
                    write.execute(params![client, here, at, about])?;
                }
            }
            change.commit()
        })
        .await
    }

    /// At most `limit` devices behind `after`, by client id.
    ///
    /// # Errors
    /// [`StateError`].
    pub async fn devices(&self, after: String, limit: u32) -> Result<Vec<Device>, StateError> {
        self.ask(move |db| {
            let mut read = db.prepare_cached(
                "SELECT client, here, since, seen, about, taken FROM device LEFT JOIN picture USING (client)
                 WHERE client > ?1 ORDER BY client LIMIT ?2",
            )?;
            let rows = read.query_map(params![after, limit], |row| {
                let (client, here, since, seen) = (row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?);
                Ok(Device { client, here, since, seen, about: row.get(4)?, pictured: row.get(5)? })
            })?;
            rows.collect()
        })
        .await
    }

    /// Whether each of `clients` is there, in their order; `None` for one that was never heard.
    ///
    /// # Errors
    /// [`StateError`].
    pub async fn which_are_here(&self, clients: Vec<String>) -> Result<Vec<Option<bool>>, StateError> {
        self.ask(move |db| {
            let mut read = db.prepare_cached("SELECT here FROM device WHERE client = ?1")?;
            clients.iter().map(|client| read.query_row([client], |row| row.get(0)).optional()).collect()
        })
        .await
    }

    /// Keeps a device's picture, in the place of the one before. Nothing where the device is not known.
    ///
    /// # Errors
    /// [`StateError`].
    pub async fn keep_picture(&self, client: String, picture: Picture) -> Result<(), StateError> {
        let text = "INSERT INTO picture (client, taken, jpeg) SELECT client, ?2, ?3 FROM device WHERE client = ?1
                    ON CONFLICT (client) DO UPDATE SET taken = ?2, jpeg = ?3";
        self.ask(move |db| db.execute(text, params![client, picture.taken, picture.jpeg])).await.map(drop)
    }

    /// A device's last picture.
    ///
    /// # Errors
    /// [`StateError`].
    pub async fn picture(&self, client: String) -> Result<Option<Picture>, StateError> {
        self.ask(move |db| {
            let read = |row: &rusqlite::Row<'_>| Ok(Picture { taken: row.get(0)?, jpeg: row.get(1)? });
            db.query_row("SELECT taken, jpeg FROM picture WHERE client = ?1", [client], read).optional()
        })
        .await
    }

    /// Puts a device's key down, in the place of one before.
    ///
    /// # Errors
    /// [`StateError`].
    pub async fn put_key(&self, key: DeviceKey) -> Result<(), StateError> {
        let text = "INSERT INTO device_key (device, key, channels) VALUES (?1, ?2, ?3)
                    ON CONFLICT (device) DO UPDATE SET key = ?2, channels = ?3";
        self.ask(move |db| db.execute(text, params![key.device, key.key, key.channels])).await.map(drop)
    }

    /// Takes a device's key away. Whether there was one.
    ///
    /// # Errors
    /// [`StateError`].
    pub async fn drop_key(&self, device: String) -> Result<bool, StateError> {
        self.ask(move |db| db.execute("DELETE FROM device_key WHERE device = ?1", [device])).await.map(|gone| gone > 0)
    }

    /// A device's key.
    ///
    /// # Errors
    /// [`StateError`].
    pub async fn key_of(&self, device: String) -> Result<Option<DeviceKey>, StateError> {
        self.ask(move |db| {
            let text = "SELECT device, key, channels FROM device_key WHERE device = ?1";
            let read = |row: &rusqlite::Row<'_>| Ok(DeviceKey { device: row.get(0)?, key: row.get(1)?, channels: row.get(2)? });
            db.query_row(text, [device], read).optional()
        })
        .await
    }

    /// Uses a nonce up, which is remembered until `until`. Whether it is new.
    ///
    /// # Errors
    /// [`StateError`].
    pub async fn use_nonce(&self, owner: String, nonce: String, now: i64, until: i64) -> Result<bool, StateError> {
        self.ask(move |db| {
            let change = db.transaction()?;
            change.execute("DELETE FROM nonce WHERE until < ?1", [now])?;
            let new = change.execute("INSERT OR IGNORE INTO nonce VALUES (?1, ?2, ?3)", params![owner, nonce, until])?;
            change.commit()?;
            Ok(new == 1)
        })
        .await
    }
}

//! Who records: jobs of this process, which join the room that it runs, or the one elsewhere that it signs tokens for.

use std::sync::Arc;

use artc_open::{OpenFactory, Options};
use mixing::{MixedRecorders, RECEIVE, Recorders, Settings, Store};
use tokio::runtime::Handle;

use super::config::Config;
use crate::StartError;

/// The recorders of the configuration; none where it names no place for recordings. `address` is that of a room elsewhere. Must be called
/// on a tokio runtime.
///
/// # Errors
/// The place or the folder of work cannot be had.
pub(crate) fn recorders(
    config: &Config,
    room: Option<&room::Handle>,
    address: Option<&str>,
) -> Result<Option<Arc<dyn Recorders>>, StartError> {
    let Some(place) = config.place().map_err(StartError::Configuration)? else { return Ok(None) };
    let not_set = || StartError::Configuration("`record.work` is not set: name a folder where files are written".into());
    let work = config.work().ok_or_else(not_set)?;
    let store = Store::open(&place)?;
    let options = match room {
        Some(room) => Options::local(room.local()),
        None => Options { ca_file: config.ca_file.clone(), ..Options::new(address.unwrap_or_default()) },
    };
    let options = Options { receive: RECEIVE, ..options };
    let most = usize::try_from(config.most_jobs).unwrap_or(usize::MAX);
    let settings = Settings { work: work.clone(), store, engines: Arc::new(OpenFactory { options }), most };
    let recorders =
        MixedRecorders::new(settings, Handle::current()).map_err(|source| StartError::Work { folder: work, source })?;
    Ok(Some(Arc::new(recorders)))
}

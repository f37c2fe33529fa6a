//! Rooms opened and closed by whoever runs the server, without a token and HTTP.

use rtc::proto::CreateRoomRequest;

use super::Handle;
use crate::core::api::Call;
use crate::media::Command;

impl Handle {
    /// Opens the room `name` before anybody joins; open already, it stays as it is.
    ///
    /// # Errors
    /// In words: too many rooms, a name that is empty or too long, or the server is stopping.
    pub async fn open_room(&self, name: &str) -> Result<(), String> {
        self.call(Call::CreateRoom(CreateRoomRequest { name: name.to_owned(), ..Default::default() })).await
    }

    /// Throws everybody out of the room `name` and closes it.
    ///
    /// # Errors
    /// In words: there is no such room, or the server is stopping.
    pub async fn close_room(&self, name: &str) -> Result<(), String> {
        self.call(Call::DeleteRoom { room: name.to_owned() }).await
    }

    async fn call(&self, call: Call) -> Result<(), String> {
        let done = self.shared.ask(|reply| Command::Call(Box::new(call), reply)).await.map_err(|why| why.to_string())?;
        done.map(drop).map_err(|why| why.to_string())
    }
}

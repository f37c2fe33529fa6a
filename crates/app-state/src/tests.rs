use super::*;

const NOW: i64 = 1_800_000_000;

fn app(name: &str) -> App {
    App { app_id: format!("id-{name}"), app_name: name.into(), made: NOW }
}

fn job(id: &str, room: &str) -> Job {
    let (job_id, room_id, body) = (id.to_owned(), room.to_owned(), "{}".to_owned());
    Job { job_id, app_id: "id-a".into(), room_id, running: true, body, made: NOW }
}

#[tokio::test]
async fn what_was_said_to_be_done_is_there_after_the_process_was_killed() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("state.sqlite");
    let state = State::open(Some(&file)).unwrap();
    assert_eq!(state.make_app(app("a"), 20).await.unwrap(), Ok(()));
    state.keep_calls(vec![("c1".into(), Some("{}".into())), ("c2".into(), Some("{}".into()))], NOW).await.unwrap();
    state.keep_calls(vec![("c2".into(), None)], NOW).await.unwrap();
    assert!(state.post("id-a".into(), "body".into(), NOW, 10).await.unwrap());
    // As a killed process leaves them: without closing, the log not yet in the file.
    let copy = folder.path().join("copy.sqlite");
    for suffix in ["", "-wal"] {
        std::fs::copy(format!("{}{suffix}", file.display()), format!("{}{suffix}", copy.display())).unwrap();
    }
    let again = State::open(Some(&copy)).unwrap();
    assert_eq!(again.app("id-a".into()).await.unwrap(), Some(app("a")));
    assert_eq!(again.calls().await.unwrap(), [KeptCall { id: "c1".into(), kept: "{}".into(), saved: NOW }]);
    assert_eq!(again.deliveries(10).await.unwrap()[0].body, "body");
    again.check().await.unwrap();
    use std::os::unix::fs::PermissionsExt as _;
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600, "keys are in it");
}

#[tokio::test]
async fn apps_have_names_of_their_own_and_are_not_too_many() {
    let state = State::open(None).unwrap();
    for name in ["a", "b"] {
        assert_eq!(state.make_app(app(name), 2).await.unwrap(), Ok(()));
    }
    assert_eq!(state.make_app(App { app_id: "other".into(), ..app("a") }, 3).await.unwrap(), Err(true));
    assert_eq!(state.make_app(app("c"), 2).await.unwrap(), Err(false));
    assert_eq!(state.app("id-c".into()).await.unwrap(), None);
}

#[tokio::test]
async fn of_two_jobs_of_one_room_or_id_one_is_made() {
    let state = State::open(None).unwrap();
    state.make_app(app("a"), 1).await.unwrap().unwrap();
    assert_eq!(state.make_job(job("j1", "r1"), 2).await.unwrap(), Ok(()));
    assert_eq!(state.make_job(job("j2", "r1"), 2).await.unwrap(), Err(true));
    assert_eq!(state.make_job(job("j1", "r2"), 2).await.unwrap(), Err(true));
    assert_eq!(state.make_job(job("j2", "r2"), 2).await.unwrap(), Ok(()));
    assert_eq!(state.make_job(job("j3", "r3"), 2).await.unwrap(), Err(false), "too many");
    state.change_job("j1".into(), false, "over".into()).await.unwrap();
    assert_eq!(state.make_job(job("j4", "r1"), 2).await.unwrap(), Ok(()), "a later start makes a new one");
    let running: Vec<_> = state.running_jobs().await.unwrap().into_iter().map(|job| job.job_id).collect();
    assert_eq!(running, ["j2", "j4"]);
    assert_eq!(state.job("another app".into(), "j1".into()).await.unwrap(), None);
    assert_eq!(state.job("id-a".into(), "j1".into()).await.unwrap().unwrap().body, "over");
}

#[tokio::test]
async fn sightings_say_since_when() {
    let state = State::open(None).unwrap();
    let saw = |here, at| vec![Sighting { client: "G@@@cam".into(), here, about: None, at }];
    for (here, at) in [(Some(true), NOW), (None, NOW + 5), (Some(true), NOW + 9)] {
        state.saw(saw(here, at)).await.unwrap();
    }
    let one = |devices: Vec<Device>| (devices[0].here, devices[0].since - NOW, devices[0].seen - NOW);
    assert_eq!(one(state.devices(String::new(), 10).await.unwrap()), (true, 0, 9));
    state.saw(saw(Some(false), NOW + 20)).await.unwrap();
    assert_eq!(one(state.devices(String::new(), 10).await.unwrap()), (false, 20, 20));
    assert_eq!(state.devices("G@@@cam".into(), 10).await.unwrap(), []);
    let clients = ["G@@@other", "G@@@cam"].map(String::from).to_vec();
    assert_eq!(state.which_are_here(clients).await.unwrap(), [None, Some(false)]);
}

#[tokio::test]
async fn what_a_device_told_of_itself_and_its_last_picture_stay() {
    let state = State::open(None).unwrap();
    let cam = || "G@@@cam".to_owned();
    let saw = |about: Option<&str>| vec![Sighting { client: cam(), here: None, about: about.map(String::from), at: NOW }];
    let picture = |taken, byte| Picture { taken, jpeg: vec![byte; 3] };
    state.keep_picture(cam(), picture(NOW, 1)).await.unwrap();
    assert_eq!(state.picture(cam()).await.unwrap(), None, "of nobody who was ever heard");
    for about in [Some("1"), Some("2"), None] {
        state.saw(saw(about)).await.unwrap();
    }
    state.keep_picture(cam(), picture(NOW, 1)).await.unwrap();
    state.keep_picture(cam(), picture(NOW + 5, 2)).await.unwrap();
    let device = state.devices(String::new(), 10).await.unwrap().remove(0);
    assert_eq!((device.about.as_deref(), device.pictured), (Some("2"), Some(NOW + 5)));
    assert_eq!(state.picture(cam()).await.unwrap(), Some(picture(NOW + 5, 2)));
}

#[tokio::test]
async fn a_file_of_the_version_before_is_taken_over() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("state.sqlite");
    let before = Connection::open(&file).unwrap();
    before.execute_batch(STEPS[0]).unwrap();
    before.execute("INSERT INTO device (client, here, since, seen) VALUES ('G@@@cam', 1, 5, 6)", []).unwrap();
    before.pragma_update(None, "user_version", 1).unwrap();
    drop(before);
    for pictured in [None, Some(NOW)] {
        let state = State::open(Some(&file)).unwrap();
        let device = Device { client: "G@@@cam".into(), here: true, since: 5, seen: 6, about: None, pictured };
        assert_eq!(state.devices(String::new(), 10).await.unwrap(), [device]);
        state.keep_picture("G@@@cam".into(), Picture { taken: NOW, jpeg: vec![7] }).await.unwrap();
    }
    let version: i64 = Connection::open(&file).unwrap().query_row("PRAGMA user_version", [], |row| row.get(0)).unwrap();
    assert_eq!(version, VERSION);
}

#[tokio::test]
async fn a_nonce_is_used_once_until_its_time_is_over() {
    let state = State::open(None).unwrap();
    let using = |now| state.use_nonce("cam".into(), "n".into(), now, now + 60);
    assert!(using(NOW).await.unwrap());
    assert!(!using(NOW + 60).await.unwrap());
    assert!(using(NOW + 61).await.unwrap());
    assert!(state.use_nonce("other".into(), "n".into(), NOW + 61, NOW + 99).await.unwrap());
}

#[tokio::test]
async fn a_delivery_waits_until_it_is_over() {
    let state = State::open(None).unwrap();
    state.make_app(app("a"), 1).await.unwrap().unwrap();
    for (body, due, kept) in [("later", NOW + 9, true), ("soon", NOW, true), ("too many", NOW, false)] {
        assert_eq!(state.post("id-a".into(), body.into(), due, 2).await.unwrap(), kept);
    }
    let first = state.deliveries(1).await.unwrap().remove(0);
    assert_eq!(first.body, "soon");
    state.tried(first.id, Some(NOW + 20)).await.unwrap();
    let waiting = state.deliveries(9).await.unwrap();
    assert_eq!(waiting.iter().map(|one| (one.body.as_str(), one.attempts)).collect::<Vec<_>>(), [("later", 0), ("soon", 1)]);
    state.tried(first.id, None).await.unwrap();
    assert_eq!(state.deliveries(9).await.unwrap().len(), 1);
}

#[test]
fn what_is_no_state_of_ours_is_refused_with_the_way_out() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("state.sqlite");
    std::fs::write(&file, "no database at all, and long enough to be looked at as one").unwrap();
    assert!(State::open(Some(&file)).unwrap_err().to_string().contains("backup"));
    assert!(State::open(Some(folder.path())).unwrap_err().to_string().contains("state.file"));
    std::fs::remove_file(&file).unwrap();
    drop(State::open(Some(&file)).unwrap());
    Connection::open(&file).unwrap().pragma_update(None, "user_version", VERSION + 1).unwrap();
    assert!(matches!(State::open(Some(&file)), Err(OpenError::Later { found, .. }) if found == VERSION + 1));
}

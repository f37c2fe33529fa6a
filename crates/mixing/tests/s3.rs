//! The store against a server of S3's protocol: tests/mixing/run.sh brings one.

use std::path::Path;
use std::time::Duration;

use artc_bindings::{CreateError, CreateParams, Engine, EngineFactory, Secret};
use mixing::{Bucket, Event, MixedRecorders, Place, Recorders, Settings, Store};

/// No job of this test gets as far as an engine.
struct NoEngines;

impl EngineFactory for NoEngines {
    fn create_ali_rtc_engine(&self, _: CreateParams) -> Result<std::sync::Arc<dyn Engine>, CreateError> {
        Err(CreateError::Setting { what: "engine".into(), why: "none here".into() })
    }
}

fn bucket(endpoint: &str, name: &str, key: &str) -> Place {
    Place::Bucket(Bucket {
        endpoint: Some(endpoint.into()),
        name: name.into(),
        region: "us-east-1".into(),
        key_id: std::env::var("ARTC_S3_KEY_ID").unwrap_or_else(|_| "id".into()),
        key: Secret::from(key.to_owned()),
        virtual_hosted: false,
    })
}

/// A file that a job left behind, ended and not stored, of so many bytes.
fn leave_behind(work: &Path, bytes: usize) {
    let folder = work.join("job-1/0-0-mp4");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("media.mp4"), vec![7; bytes]).unwrap();
    let meta =
        r#"{"format":"MP4","name":"rec/one","began_ms":0,"width":0,"height":0,"lasts_ms":1000,"mended":false,"segments":[]}"#;
    std::fs::write(folder.join("take.json"), meta).unwrap();
}

/// What storing it tells first, and whether it is still here then.
fn first_event(place: &Place, bytes: usize) -> (Event, bool) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let folder = tempfile::tempdir().unwrap();
    leave_behind(folder.path(), bytes);
    let store = Store::open(place).unwrap();
    let settings = Settings { work: folder.path().to_owned(), store, engines: std::sync::Arc::new(NoEngines), most: 1 };
    let recorders = MixedRecorders::new(settings, runtime.handle().clone()).unwrap();
    assert_eq!(recorders.left(), ["job-1"]);
    let mut events = recorders.recover("job-1").unwrap();
    let event = runtime.block_on(async { tokio::time::timeout(Duration::from_secs(120), events.recv()).await });
    (event.expect("told in time").expect("told"), folder.path().join("job-1/0-0-mp4/media.mp4").exists())
}

fn refusal(event: &Event) -> String {
    if let Event::StoreRefuses { detail } = event { detail.clone() } else { panic!("{event:?}") }
}

/// The address of a server that answers everything with this error.
fn answering(status: &str, code: &str) -> String {
    use std::io::{Read as _, Write as _};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let body = format!("<Error><Code>{code}</Code><Message>no</Message></Error>");
    let answer = format!("HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let _ = stream.read(&mut [0; 65_536]);
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    format!("http://{address}")
}

#[test]
fn a_store_that_refuses_is_told_by_its_cause_without_the_key_and_the_file_stays() {
    let full = answering("507 Insufficient Storage", "XMinioStorageFull");
    let key = answering("403 Forbidden", "InvalidAccessKeyId");
    let gone = answering("404 Not Found", "NoSuchBucket");
    for (endpoint, words) in [(full, "it is full"), (key, "the access key is refused"), (gone, "no such bucket")] {
        let (event, kept) = first_event(&bucket(&endpoint, "recordings", "a-secret-key"), 1000);
        let detail = refusal(&event);
        assert!(detail.contains(words) && detail.contains("s3://recordings") && !detail.contains("a-secret-key"), "{detail}");
        assert!(kept);
    }
    // Nobody there.
    let (event, kept) = first_event(&bucket("http://127.0.0.1:9", "recordings", "a-secret-key"), 1000);
    assert!(refusal(&event).contains("cannot be reached") && kept);
}

#[test]
fn a_folder_takes_files_of_any_size_and_they_go_from_where_they_were_written() {
    let folder = tempfile::tempdir().unwrap();
    for bytes in [0, 1000, 20 << 20] {
        let (event, kept) = first_event(&Place::Folder(folder.path().join("store")), bytes);
        let Event::FileFinished(file) = event else { panic!("{event:?}") };
        assert_eq!((file.bytes, kept), (bytes as u64, false));
        assert_eq!(std::fs::metadata(file.url.strip_prefix("file://").unwrap()).unwrap().len(), bytes as u64);
    }
}

#[test]
#[ignore = "needs a server: ARTC_S3_ENDPOINT, ARTC_S3_BUCKET, ARTC_S3_KEY_ID and ARTC_S3_KEY; tests/mixing/run.sh starts one"]
fn a_bucket_takes_files_of_any_size_and_says_what_is_wrong() {
    let [endpoint, name, key] =
        ["ENDPOINT", "BUCKET", "KEY"].map(|name| std::env::var(format!("ARTC_S3_{name}")).expect("it is set"));
    for bytes in [1000, 20 << 20] {
        let (event, kept) = first_event(&bucket(&endpoint, &name, &key), bytes);
        let Event::FileFinished(file) = event else { panic!("{event:?}") };
        assert_eq!((file.bytes, file.url.as_str(), kept), (bytes as u64, format!("s3://{name}/rec/one.mp4").as_str(), false));
    }
    let (event, kept) = first_event(&bucket(&endpoint, "no-such-bucket", &key), 1000);
    assert!(refusal(&event).contains("no such bucket") && kept, "{event:?}");
}

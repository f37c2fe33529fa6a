//! A real Mosquitto with TLS of an authority of its own, passwords, and rights by client id, as docs/calls.md advises.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use call_control::{Account, ClientId, Config, PasswordRule, Secret};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};

pub const SECRET: &str = "a secret of the console";
pub const KEY: &str = "LTAI-calls";
/// Who may say what: the server all of it, everybody else only what is theirs. Mallory has rights that nobody should have.
const RIGHTS: &str = "\
user LTAI-calls
topic readwrite MeetingCtrlUp/#

user mallory
topic readwrite MeetingCtrlUp/#

user alice
topic write MeetingCtrlUp
topic read MeetingCtrlUp/+/event

pattern write MeetingCtrlUp/%c
pattern write MeetingCtrlUp/%c/presence
pattern write MeetingCtrlUp/%c/about
pattern write MeetingCtrlUp/%c/rpc
pattern write MeetingCtrlUp/%c/event
pattern read MeetingCtrlUp/p2p/%c/#
";

pub struct Broker {
    child: Child,
    port: u16,
    folder: tempfile::TempDir,
}

impl Broker {
    pub fn start() -> Self {
        let folder = tempfile::tempdir().expect("a directory");
        certificates(folder.path());
        let at = |name: &str| folder.path().join(name);
        std::fs::write(at("secret"), SECRET).expect("written");
        std::fs::write(at("rights"), RIGHTS).expect("written");
        std::fs::write(at("passwords"), "").expect("written");
        for client in [server(), device(), other_device(), person("alice"), person("mallory")] {
            let Account { user, password } = account(&client);
            let made = program("mosquitto_passwd").arg("-b").arg(at("passwords")).args([&user, password.expose()]).status();
            assert!(made.is_ok_and(|status| status.success()), "{INSTALL}");
        }
        // Free at this moment; the broker says so if somebody else is quicker.
        let port = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port").port();
        let show = |name: &str| at(name).display().to_string();
        // As root it would become a user who cannot read the files.
        let text = format!(
            "user root\nlistener {port} 127.0.0.1\nallow_anonymous false\npassword_file {}\nacl_file {}\ncafile {}\ncertfile {}\n\
             keyfile {}\nlog_dest stderr\n",
            show("passwords"),
            show("rights"),
            show("ca.pem"),
            show("cert.pem"),
            show("key.pem"),
        );
        std::fs::write(at("mosquitto.conf"), text).expect("written");
        let mut child = program("mosquitto").arg("-c").arg(at("mosquitto.conf")).stderr(Stdio::piped()).spawn().expect(INSTALL);
        let mut lines = BufReader::new(child.stderr.take().expect("piped")).lines().map_while(Result::ok);
        let ready = lines.by_ref().any(|line| line.ends_with("running"));
        assert!(ready, "Mosquitto does not start");
        // It would stop at a full pipe.
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, port, folder }
    }

    pub fn url(&self) -> String {
        format!("mqtts://localhost:{}", self.port)
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// What a client of the broker is configured to.
    pub fn config(&self, client: &ClientId) -> Config {
        Config {
            enabled: true,
            broker: Some(self.url()),
            ca_file: Some(self.file("ca.pem")),
            group: Some(client.group().into()),
            device: Some(client.device().into()),
            access_key: if is_person(client) { client.device().into() } else { KEY.into() },
            secret_file: Some(self.file("secret")),
            password: rule(client),
            instance: instance(client).into(),
            ..Config::default()
        }
    }

    /// A link as `client`, with its own password or another.
    pub fn link(&self, client: &ClientId, password: Option<&str>) -> mqtt_link::Link {
        self.link_to(client, password, self.config(client).topics().expect("topics").for_client(client))
    }

    /// A link as `client` that listens to `topic` and nothing else.
    pub fn listening(&self, client: &ClientId, topic: &str) -> mqtt_link::Link {
        self.link_to(client, None, vec![topic.to_owned()])
    }

    fn link_to(&self, client: &ClientId, password: Option<&str>, listen: Vec<String>) -> mqtt_link::Link {
        let Account { user, password: own } = account(client);
        mqtt_link::Link::start(mqtt_link::Options {
            host: "localhost".into(),
            port: self.port,
            tls: true,
            ca_file: Some(self.file("ca.pem")),
            client_id: client.to_string(),
            user,
            password: password.unwrap_or(own.expose()).into(),
            listen,
            presence: None,
            seed: 1,
        })
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

const INSTALL: &str = "Mosquitto is missing: run setup/packages.sh test";

pub fn server() -> ClientId {
    ClientId::new("GID_ALIRTC_CTRL_UP", "TEST0001").expect("an id")
}

pub fn device() -> ClientId {
    ClientId::new("GID_ALIRTC_CTRL_DOWN", "DEVICE_001").expect("an id")
}

pub fn other_device() -> ClientId {
    ClientId::new("GID_ALIRTC_CTRL_DOWN", "DEVICE_002").expect("an id")
}

pub fn person(name: &str) -> ClientId {
    ClientId::new("GID_APP", name).expect("an id")
}

fn is_person(client: &ClientId) -> bool {
    client.group() == "GID_APP"
}

/// All three rules are in use: the old one by the server, the present one by the device.
fn rule(client: &ClientId) -> PasswordRule {
    match client.group() {
        "GID_ALIRTC_CTRL_UP" => PasswordRule::GroupId,
        "GID_ALIRTC_CTRL_DOWN" => PasswordRule::ClientId,
        _ => PasswordRule::Secret,
    }
}

/// By the present rule a user is a key at an instance. Mosquitto has one password for each user, so two devices are of two instances.
pub fn instance(client: &ClientId) -> &'static str {
    if *client == other_device() { "post-cn-0002" } else { "post-cn-0001" }
}

fn account(client: &ClientId) -> Account {
    let key = if is_person(client) { client.device() } else { KEY };
    Account::new(rule(client), client, key, &Secret::new(SECRET), instance(client))
}

/// Debian puts the broker where only root looks.
fn program(name: &str) -> Command {
    let own = Path::new("/usr/sbin").join(name);
    Command::new(if own.exists() { own } else { name.into() })
}

fn certificates(folder: &Path) {
    let key = KeyPair::generate().expect("a key");
    let mut authority = CertificateParams::new(Vec::new()).expect("parameters");
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let root = authority.self_signed(&key).expect("a certificate");
    let issuer = Issuer::new(authority, key);
    let own = KeyPair::generate().expect("a key");
    let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
    let cert = CertificateParams::new(names).expect("parameters").signed_by(&own, &issuer).expect("a certificate");
    for (name, text) in [("ca.pem", root.pem()), ("cert.pem", cert.pem()), ("key.pem", own.serialize_pem())] {
        std::fs::write(folder.join(name), text).expect("written");
    }
}

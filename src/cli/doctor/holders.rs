//! Which processes have a file or socket open.

use std::{fs, path::Path};

/// Names and numbers of the processes that have something open of which `is_it` says yes to the link in `/proc/PID/fd`. Those of other
/// users are seen by root only.
pub(super) fn holders(is_it: impl Fn(&Path) -> bool) -> Vec<String> {
    let own = std::process::id();
    let Ok(processes) = fs::read_dir("/proc") else { return Vec::new() };
    let mut found = Vec::new();
    for process in processes.flatten() {
        let Some(pid) = process.file_name().to_str().and_then(|name| name.parse::<u32>().ok()).filter(|pid| *pid != own) else {
            continue;
        };
        let Ok(open) = fs::read_dir(process.path().join("fd")) else { continue };
        if open.flatten().any(|fd| fs::read_link(fd.path()).is_ok_and(|target| is_it(&target))) {
            let name = fs::read_to_string(process.path().join("comm")).unwrap_or_default();
            found.push(format!("{} (process {pid})", name.trim()));
        }
    }
    found
}

/// The processes that listen on a local port, by `/proc/net`. `table` is `tcp`, `tcp6`, `udp` or `udp6`.
pub(super) fn port_holders(tables: [&str; 2], port: u16) -> Vec<String> {
    let inodes: Vec<String> = tables
        .iter()
        .flat_map(|table| {
            let text = fs::read_to_string(format!("/proc/net/{table}")).unwrap_or_default();
            inodes(&text, port)
        })
        .map(|inode| format!("socket:[{inode}]"))
        .collect();
    if inodes.is_empty() {
        return Vec::new();
    }
    holders(|target| inodes.iter().any(|inode| Path::new(inode) == target))
}

/// Inodes of the sockets bound to `port` that have no other end.
fn inodes(table: &str, port: u16) -> Vec<String> {
    table
        .lines()
        .skip(1)
        .filter_map(|line| {
            let fields: Vec<&str> = line.split_whitespace().collect();
            let local = fields.get(1)?.rsplit_once(':')?.1;
            let remote = fields.get(2)?.rsplit_once(':')?.1;
            let ours = u16::from_str_radix(local, 16).ok()? == port && u16::from_str_radix(remote, 16).ok()? == 0;
            ours.then(|| fields.get(9).map(|inode| inode.to_string())).flatten()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listening_port_is_found_and_a_connected_one_is_not() {
        let table = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n   \
                     0: 0100007F:1EC8 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 4711 1 0 100 0 0 10 0\n   \
                     1: 0100007F:1EC8 0100007F:9999 01 00000000:00000000 00:00000000 00000000  1000        0 4712 1 0 100 0 0 10 0\n";
        assert_eq!(inodes(table, 7880), ["4711"]);
        assert_eq!(inodes(table, 7881), Vec::<String>::new());
    }

    #[test]
    fn an_open_file_is_seen_in_another_process() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("held");
        let file = std::fs::File::create(&path).expect("made");
        // It waits for its input to end, with the file as its output.
        let mut child =
            std::process::Command::new("cat").stdin(std::process::Stdio::piped()).stdout(file).spawn().expect("cat runs");
        let found = holders(|target| target == path);
        drop(child.stdin.take());
        let _ = child.wait();
        assert_eq!(found, [format!("cat (process {})", child.id())]);
    }
}

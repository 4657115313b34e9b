//! What a control group is, from its path alone: container runtimes, systemd and Kubernetes name theirs by rule.

/// Who runs what is in a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Docker,
    Podman,
    Containerd,
    Crio,
    Lxc,
    Nspawn,
    /// A systemd service or scope.
    Service,
    Scope,
    /// Made by hand, or by somebody whose names we don't know.
    Cgroup,
}

impl Kind {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Docker => "docker",
            Self::Podman => "podman",
            Self::Containerd => "containerd",
            Self::Crio => "crio",
            Self::Lxc => "lxc",
            Self::Nspawn => "nspawn",
            Self::Service => "service",
            Self::Scope => "scope",
            Self::Cgroup => "cgroup",
        }
    }
}

/// A group that is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    pub kind: Kind,
    /// The runtime's id, a unit's name, or the path of a group made by hand.
    pub id: String,
    /// Of the Kubernetes pod it belongs to; empty when it belongs to none.
    pub pod_uid: String,
}

/// What to do with a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Class {
    /// It is shown, and what is below it is part of it.
    Shown(Identity),
    /// It only holds others.
    Folder,
    Ignored,
}

/// Groups of these names hold others, whoever made them.
const FOLDERS: [&str; 14] = [
    "docker",
    "podman",
    "libpod_parent",
    "kubepods",
    "burstable",
    "besteffort",
    "guaranteed",
    "lxc",
    "machine",
    "system",
    "user",
    "buildkit",
    "containerd",
    "k8s.io",
];
/// Units without processes of interest: systemd accounts mounting and swapping to them.
const IGNORED_UNITS: [&str; 5] = [".mount", ".swap", ".socket", ".automount", ".busname"];
/// Ids of containers are SHA-256 sums, or random numbers as long.
const ID_LENGTH: usize = 64;

/// What the group at `path` is: the names of its parents and its own, below the root of the hierarchy.
pub fn classify(path: &str) -> Class {
    let name = path.rsplit('/').next().unwrap_or_default();
    let parents = path.strip_suffix(name).unwrap_or_default().trim_end_matches('/');
    if name.is_empty() || name == "init.scope" || IGNORED_UNITS.iter().any(|suffix| name.ends_with(suffix)) {
        return Class::Ignored;
    }
    if ["libpod-conmon-", "crio-conmon-", "lxc.monitor."].iter().any(|prefix| name.starts_with(prefix)) {
        return Class::Ignored;
    }
    let pods = parents.contains("kubepods");
    if name.ends_with(".slice") || FOLDERS.contains(&name) || is_user_manager(name) || (pods && pod_uid(name).is_some())
    {
        return Class::Folder;
    }
    let pod_uid = path.split('/').rev().find_map(pod_uid).filter(|_| pods).unwrap_or_default();
    let (kind, id) = of_runtime(name, parents).unwrap_or_else(|| of_unit(name, path));
    Class::Shown(Identity { kind, id, pod_uid })
}

/// Its units are a user's own.
fn is_user_manager(name: &str) -> bool {
    name.starts_with("user@") && name.ends_with(".service")
}

/// `pod<uid>`, or systemd's `kubepods-burstable-pod<uid with _ for ->.slice`.
fn pod_uid(name: &str) -> Option<String> {
    let uid = match name.strip_suffix(".slice") {
        Some(slice) => slice.starts_with("kubepods").then(|| slice.rsplit_once("-pod"))??.1.replace('_', "-"),
        None => name.strip_prefix("pod")?.to_owned(),
    };
    (!uid.is_empty()).then_some(uid)
}

fn of_runtime(name: &str, parents: &str) -> Option<(Kind, String)> {
    const PREFIXES: [(&str, Kind); 4] = [
        ("docker-", Kind::Docker),
        ("libpod-", Kind::Podman),
        ("cri-containerd-", Kind::Containerd),
        ("crio-", Kind::Crio),
    ];
    let unit = name.strip_suffix(".scope").unwrap_or(name);
    for (prefix, kind) in PREFIXES {
        if let Some(id) = unit.strip_prefix(prefix).filter(|id| is_id(id)) {
            return Some((kind, id.to_owned()));
        }
    }
    if is_id(name) {
        let parent = parents.rsplit('/').next().unwrap_or_default();
        let kind = match parent {
            "docker" => Kind::Docker,
            "podman" | "libpod_parent" => Kind::Podman,
            _ => Kind::Containerd,
        };
        return Some((kind, name.to_owned()));
    }
    if let Some(name) = name.strip_prefix("lxc.payload.").or((parents == "lxc").then_some(name)) {
        return Some((Kind::Lxc, name.to_owned()));
    }
    let machine = unit.strip_prefix("machine-").filter(|_| unit.len() < name.len())?;
    let machine = unescape(machine);
    // libvirt's are virtual machines.
    Some((if machine.starts_with("qemu-") { Kind::Scope } else { Kind::Nspawn }, machine))
}

fn of_unit(name: &str, path: &str) -> (Kind, String) {
    let kind = match name {
        _ if name.ends_with(".service") => Kind::Service,
        _ if name.ends_with(".scope") => Kind::Scope,
        _ => return (Kind::Cgroup, path.to_owned()),
    };
    // Users may have units of the same names.
    let manager = path.split('/').find(|parent| is_user_manager(parent) && *parent != name);
    (kind, manager.map_or_else(|| unescape(name), |manager| format!("{manager}/{}", unescape(name))))
}

fn is_id(text: &str) -> bool {
    text.len() == ID_LENGTH && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// systemd writes bytes that names must not have as `\x2d` (systemd.unit(5)).
fn unescape(name: &str) -> String {
    let mut plain = Vec::with_capacity(name.len());
    let mut rest = name.as_bytes();
    while let [first, tail @ ..] = rest {
        let digits = tail.strip_prefix(b"x").and_then(|tail| tail.get(..2)).filter(|_| *first == b'\\');
        let byte = digits.and_then(|digits| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok());
        plain.push(byte.unwrap_or(*first));
        rest = if byte.is_some() { tail.get(3..).unwrap_or_default() } else { tail };
    }
    String::from_utf8_lossy(&plain).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const HEX: &str = "4fa6e0f0c6786287e131c3852c58a2e01cc697a68231826813597e4994f1d6e2";

    fn shown(path: &str) -> (Kind, String, String) {
        match classify(path) {
            Class::Shown(Identity { kind, id, pod_uid }) => (kind, id, pod_uid),
            other => panic!("{path}: {other:?}"),
        }
    }

    #[test]
    fn runtimes_name_their_groups_by_id() {
        for (path, kind) in [
            (format!("system.slice/docker-{HEX}.scope"), Kind::Docker),
            (format!("docker/{HEX}"), Kind::Docker),
            (format!("machine.slice/libpod-{HEX}.scope"), Kind::Podman),
            (format!("user.slice/user-1000.slice/user@1000.service/user.slice/libpod-{HEX}.scope"), Kind::Podman),
            (format!("libpod_parent/libpod-{HEX}"), Kind::Podman),
            (format!("default/{HEX}"), Kind::Containerd),
        ] {
            assert_eq!(shown(&path), (kind, HEX.to_owned(), String::new()), "{path}");
        }
    }

    #[test]
    fn a_container_of_a_pod_knows_its_uid() {
        let uid = "2c48913c-b29f-11e7-9350-020968147796";
        let escaped = uid.replace('-', "_");
        for (path, kind) in [
            (
                format!(
                    "kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod{escaped}.slice/cri-containerd-{HEX}.scope"
                ),
                Kind::Containerd,
            ),
            (format!("kubepods.slice/kubepods-pod{escaped}.slice/crio-{HEX}.scope"), Kind::Crio),
            (format!("kubepods/besteffort/pod{uid}/{HEX}"), Kind::Containerd),
        ] {
            assert_eq!(shown(&path), (kind, HEX.to_owned(), uid.to_owned()), "{path}");
        }
        assert_eq!(classify(&format!("kubepods/besteffort/pod{uid}")), Class::Folder);
    }

    #[test]
    fn units_and_machines_go_by_their_names() {
        assert_eq!(shown("system.slice/ssh.service"), (Kind::Service, "ssh.service".to_owned(), String::new()));
        assert_eq!(shown(r"system.slice/system-getty.slice/getty\x2dold.service").1, "getty-old.service");
        assert_eq!(shown("user.slice/user-1000.slice/session-3.scope").0, Kind::Scope);
        let own = "user.slice/user-1000.slice/user@1000.service/app.slice/foot.service";
        assert_eq!(shown(own).1, "user@1000.service/foot.service");
        assert_eq!(shown("lxc/web").1, "web");
        assert_eq!(shown("lxc.payload.web"), (Kind::Lxc, "web".to_owned(), String::new()));
        assert_eq!(
            shown(r"machine.slice/machine-debian\x2d12.scope"),
            (Kind::Nspawn, "debian-12".to_owned(), String::new())
        );
        assert_eq!(
            shown(r"machine.slice/machine-qemu\x2d1\x2dvm.scope"),
            (Kind::Scope, "qemu-1-vm".to_owned(), String::new())
        );
        assert_eq!(shown("batch/job-7"), (Kind::Cgroup, "batch/job-7".to_owned(), String::new()));
    }

    #[test]
    fn what_holds_others_is_no_container_and_helpers_are_none_either() {
        for folder in ["system.slice", "kubepods", "user.slice/user-1000.slice/user@1000.service", "docker"] {
            assert_eq!(classify(folder), Class::Folder, "{folder}");
        }
        for ignored in ["init.scope", "system.slice/boot.mount", "lxc.monitor.web", "", "a/"] {
            assert_eq!(classify(ignored), Class::Ignored, "{ignored}");
        }
        assert_eq!(classify(&format!("machine.slice/libpod-conmon-{HEX}.scope")), Class::Ignored);
    }

    proptest! {
        #[test]
        fn any_path_is_something(path in r"([a-z@.\\x\-]{0,12}/){0,3}(pod|docker-|machine-|kubepods-pod)?[a-f0-9_\\]{0,66}(\.scope|\.slice|\.service)?") {
            classify(&path);
        }
    }
}

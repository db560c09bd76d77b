package modules_test

import (
	"strings"
	"testing"

	"drover/modules"
	"drover/modules/modtest"
	"drover/modules/target"
	"drover/playbook/value"
)

const oneKey = "ssh-ed25519 AAAAC3Nz ada@x"

// answering makes a Setup whose machine has files and answers commands, by
// what they begin with, with output and success.
func answering(answers map[string]string, files ...string) func(*target.Fake) {
	return func(f *target.Fake) {
		with(files...)(f)
		f.Exec = func(c target.Cmd) (*target.Output, error) {
			line := strings.Join(c.Argv, " ")
			for prefix, out := range answers {
				if strings.HasPrefix(line, prefix) {
					return &target.Output{Stdout: []byte(out)}, nil
				}
			}
			return &target.Output{}, nil
		}
		for _, p := range []string{"systemctl", "crontab", "getent", "debconf-show", "sysctl", "getcap", "setcap"} {
			f.Programs[p] = "/usr/bin/" + p
		}
		f.Programs["iptables"], f.Programs["ip6tables"] = "/usr/sbin/iptables", "/usr/sbin/ip6tables"
	}
}

func TestSystemModulesConform(t *testing.T) {
	const (
		source = "deb http://deb.example.org/debian stable main"
		list   = "/etc/apt/sources.list.d/deb_example_org_debian.list"
		fstab  = "UUID=1 / ext4 defaults 0 1\n"
	)
	for _, tc := range []modtest.Case{
		{Name: "hostname there", Module: "hostname", Args: []any{"name", "web"}, Setup: with("/etc/hostname", "web\n", "/proc/sys/kernel/hostname", "web\n")},
		{Name: "sysctl new", Module: "sysctl", Args: []any{"name", "vm.swappiness", "value", "5", "reload", false}, Change: true, Check: holds("/etc/sysctl.conf", "vm.swappiness=5\n")},
		{Name: "sysctl replaced", Module: "sysctl", Args: []any{"name", "vm.swappiness", "value", "5", "reload", false}, Setup: with("/etc/sysctl.conf", "# x\nvm.swappiness = 9\n a = 1\nvm.swappiness=8\n"), Change: true, Check: holds("/etc/sysctl.conf", "# x\nvm.swappiness=5\na=1\n")},
		{Name: "sysctl there", Module: "sysctl", Args: []any{"name", "a", "value", "yes", "reload", false}, Setup: with("/etc/sysctl.conf", "a = 1\n")},
		{Name: "sysctl absent", Module: "sysctl", Args: []any{"name", "a", "state", "absent", "reload", false}, Setup: with("/etc/sysctl.conf", "a = 1\nb=2\n"), Change: true, Check: holds("/etc/sysctl.conf", "b=2\n")},
		{Name: "key new", Module: "authorized_key", Args: []any{"user", "app", "key", oneKey}, Change: true, Check: holds("/home/app/.ssh/authorized_keys", oneKey+"\n")},
		{Name: "key there", Module: "authorized_key", Args: []any{"user", "app", "key", oneKey}, Setup: with("/home/app/.ssh/authorized_keys", "# mine\n"+oneKey+"\n")},
		{Name: "key with options", Module: "authorized_key", Args: []any{"user", "app", "key", oneKey, "key_options", `command="a b",no-pty`}, Setup: with("/home/app/.ssh/authorized_keys", oneKey+"\n"), Change: true, Check: holds("/home/app/.ssh/authorized_keys", `command="a b",no-pty `+oneKey+"\n")},
		{Name: "key alone", Module: "authorized_key", Args: []any{"user", "app", "key", oneKey, "exclusive", true}, Setup: with("/home/app/.ssh/authorized_keys", "ssh-rsa BBBB old\n"), Change: true, Check: holds("/home/app/.ssh/authorized_keys", oneKey+"\n")},
		{Name: "key gone", Module: "authorized_key", Args: []any{"user", "app", "key", "ssh-ed25519 AAAAC3Nz", "state", "absent"}, Setup: with("/home/app/.ssh/authorized_keys", `no-pty `+oneKey+"\nssh-rsa BBBB b\n"), Change: true, Check: holds("/home/app/.ssh/authorized_keys", "ssh-rsa BBBB b\n")},
		{Name: "key without comment", Module: "authorized_key", Args: []any{"user", "app", "key", "no-pty,from=\"a,b\" ssh-rsa AAAA x", "comment", ""}, Change: true, Check: holds("/home/app/.ssh/authorized_keys", "no-pty,from=\"a,b\" ssh-rsa AAAA \n")},
		{Name: "key in a folder not managed", Module: "authorized_key", Args: []any{"user", "app", "key", oneKey, "path", "/srv/new/keys", "manage_dir", false}, Change: true, Check: holds("/srv/new/keys", oneKey+"\n")},
		{Name: "key with options in another order", Module: "authorized_key", Args: []any{"user", "app", "key", "ssh-rsa AAAA x", "key_options", "a,b"}, Setup: with("/home/app/.ssh/authorized_keys", "b,a ssh-rsa AAAA x\n")},
		{Name: "changed key goes last", Module: "authorized_key", Args: []any{"user", "app", "key", "ssh-rsa AAAA new"}, Setup: with("/home/app/.ssh/authorized_keys", "# c\nssh-rsa AAAA x\nno key\nssh-rsa BBBB y\n"), Change: true, Check: holds("/home/app/.ssh/authorized_keys", "# c\nno key\nssh-rsa BBBB y\nssh-rsa AAAA new\n")},
		{Name: "key from a file", Module: "authorized_key", Args: []any{"user", "app", "key", "file:///tmp/k.pub"}, Setup: with("/tmp/k.pub", oneKey+"\n"), Change: true, Check: holds("/home/app/.ssh/authorized_keys", oneKey+"\n")},
		{Name: "hostname in openrc's file", Module: "hostname", Args: []any{"name", "web", "use", "openrc"}, Setup: with("/etc/conf.d/hostname", "# c\nhostname=\"old\"\n"), Change: true, Check: holds("/etc/conf.d/hostname", "# c\nhostname=\"web\"\n")},
		{Name: "hostname without systemd", Module: "hostname", Args: []any{"name", "web"}, Setup: with("/etc/hostname", "old\n"), Change: true, Check: holds("/etc/hostname", "web\n")},
		{Name: "sysctl differs in the kernel", Module: "sysctl", Args: []any{"name", "net.a", "value", "1", "sysctl_set", true, "reload", false}, Setup: answering(nil, "/etc/sysctl.conf", "net.a=1\n", "/proc/sys/net/a", "0\n"), Change: true, Again: true, NoDiff: true},
		{Name: "cron job from a block", Module: "cron", Args: []any{"name", "b", "cron_file", "b", "user", "root", "job", "run it\n"}, Setup: with("/etc/cron.d/x", ""), Change: true, Check: holds("/etc/cron.d/b", "#Ansible: b\n* * * * * root run it\n")},
		{Name: "cron line without its end", Module: "cron", Args: []any{"name", "b", "cron_file", "b", "user", "root", "job", "x"}, Setup: with("/etc/cron.d/b", "#Ansible: b\n* * * * * root x"), Change: true, Check: holds("/etc/cron.d/b", "#Ansible: b\n* * * * * root x\n")},
		{Name: "source new", Module: "apt_repository", Args: []any{"repo", "deb  http://deb.example.org/debian stable  main", "update_cache", false}, Change: true, Check: holds(list, source+"\n")},
		{Name: "source there", Module: "apt_repository", Args: []any{"repo", source, "update_cache", false}, Setup: with("/etc/apt/sources.list", source+" # why\n")},
		{Name: "source named", Module: "apt_repository", Args: []any{"repo", source, "filename", "ours", "update_cache", false}, Change: true, Check: holds("/etc/apt/sources.list.d/ours.list", source+"\n")},
		{Name: "source gone", Module: "apt_repository", Args: []any{"repo", source, "state", "absent", "update_cache", false}, Setup: with("/etc/apt/sources.list", "deb x y z\n"+source+"\n"), Change: true, Check: holds("/etc/apt/sources.list", "deb x y z\n")},
		{Name: "source enabled", Module: "apt_repository", Args: []any{"repo", source, "update_cache", false}, Setup: with(list, "# mine\n#deb http://deb.example.org/debian  stable main # why\n"), Change: true, Check: holds(list, "# mine\n"+source+" # why\n")},
		{Name: "source that is off stays when it shall go", Module: "apt_repository", Args: []any{"repo", source, "state", "absent", "update_cache", false}, Setup: with(list, "# "+source+"\n")},
		{Name: "source without its comment", Module: "apt_repository", Args: []any{"repo", "deb [a=b] http://u:p@x.example.org/ ./ # no", "update_cache", false}, Change: true, Check: holds("/etc/apt/sources.list.d/x_example_org.list", "deb [a=b] http://u:p@x.example.org/ ./\n")},
		{Name: "source behind a link", Module: "apt_repository", Args: []any{"repo", source, "filename", "l", "mode", "0600", "update_cache", false}, Setup: func(f *target.Fake) {
			with("/srv/l.list", "# mine\n")(f)
			_ = f.MkdirAll("/etc/apt/sources.list.d", 0o755)
			_ = f.Symlink("/srv/l.list", "/etc/apt/sources.list.d/l.list")
		}, Change: true, Check: holds("/srv/l.list", "# mine\n"+source+"\n")},
		{Name: "source of a PPA", Module: "apt_repository", Args: []any{"repo", "ppa:own/x", "codename", "noble", "state", "absent", "update_cache", false}, Setup: with(list, "deb https://ppa.launchpadcontent.net/own/x/ubuntu noble main\ndeb x y z\n"), Change: true, Check: holds(list, "deb x y z\n")},
		{Name: "deb822 with a key's text", Module: "deb822_repository", Args: []any{"name", "a_b c!", "types", "deb-src", "pdiffs", true, "inrelease_path", "x", "signed_by", "-----BEGIN\n\n  k\n"}, Change: true,
			Check: holds("/etc/apt/sources.list.d/a-b-c.sources", "Inrelease-Path: x\nX-Repolib-Name: a_b c!\nPdiffs: yes\nSigned-By:\n    -----BEGIN\n    .\n    k\nTypes: deb-src\n")},
		{Name: "deb822 new", Module: "deb822_repository", Args: []any{"name", "My App", "uris", "https://apt.example.org", "suites", "stable", "components", "main,extra", "enabled", false, "signed_by", "/k.gpg"}, Change: true,
			Check: holds("/etc/apt/sources.list.d/my-app.sources", "Components: main extra\nEnabled: no\nX-Repolib-Name: My App\nSigned-By: /k.gpg\nSuites: stable\nTypes: deb\nURIs: https://apt.example.org\n")},
		{Name: "deb822 gone", Module: "deb822_repository", Args: []any{"name", "a", "state", "absent"}, Setup: with("/etc/apt/sources.list.d/a.sources", "x"), Change: true},
		{Name: "fstab new", Module: "mount", Args: []any{"path", "/srv/a b", "src", "/dev/b", "fstype", "ext4", "state", "present"}, Setup: with("/etc/fstab", fstab), Change: true, Check: holds("/etc/fstab", fstab+`/dev/b /srv/a\040b ext4 defaults 0 0`+"\n")},
		{Name: "fstab there", Module: "mount", Args: []any{"path", "/", "src", "UUID=1", "fstype", "ext4", "state", "present", "passno", "1"}, Setup: with("/etc/fstab", "UUID=1\t/\text4   defaults 0 1\n")},
		{Name: "fstab changed", Module: "mount", Args: []any{"path", "/x", "src", "/dev/a&b", "fstype", "xfs", "opts", "ro", "boot", false, "state", "present", "fstab", "/t"}, Setup: with("/t", "# c\n/dev/x /x ext4 defaults # why\n"), Change: true, Check: holds("/t", "# c\n/dev/a\\046b /x xfs ro,noauto 0 0\n")},
		{Name: "fstab swap", Module: "mount", Args: []any{"path", "none", "src", "/b", "fstype", "swap", "opts", "sw", "state", "present"}, Setup: with("/etc/fstab", "/a none swap sw 0 0\n"), Change: true, Check: holds("/etc/fstab", "/a none swap sw 0 0\n/b none swap sw 0 0\n")},
		{Name: "mounted", Module: "mount", Args: []any{"path", "/srv/b", "src", "/srv/a", "fstype", "none", "opts", "bind", "state", "mounted"}, Setup: with("/srv/b/f", "", "/etc/fstab", "/srv/a /srv/b none bind 0 0\n", "/proc/self/mountinfo", "20 1 8:1 / / rw - ext4 /dev/sda rw\n21 20 8:1 /srv/a /srv/b rw - ext4 /dev/sda rw\n")},
		{Name: "fstab gone", Module: "mount", Args: []any{"path", "/x", "state", "absent_from_fstab"}, Setup: with("/etc/fstab", fstab+"/dev/x /x ext4 defaults 0 0\n"), Change: true, Check: holds("/etc/fstab", fstab)},
		{Name: "cron file", Module: "cron", Args: []any{"name", "b", "cron_file", "b", "user", "root", "hour", "3", "job", "run it"}, Setup: with("/etc/cron.d/x", ""), Change: true, Check: holds("/etc/cron.d/b", "#Ansible: b\n* 3 * * * root run it\n")},
		{Name: "cron changed", Module: "cron", Args: []any{"name", "b", "cron_file", "b", "user", "root", "special_time", "daily", "job", "x", "disabled", true}, Setup: with("/etc/cron.d/b", "A=1\n#Ansible: b\n* 3 * * * root run it\n#Ansible: c\nc\n"), Change: true, Check: holds("/etc/cron.d/b", "A=1\n#Ansible: b\n#@daily root x\n#Ansible: c\nc\n")},
		{Name: "cron gone", Module: "cron", Args: []any{"name", "b", "cron_file", "b", "state", "absent"}, Setup: with("/etc/cron.d/b", "#Ansible: b\n* 3 * * * root run it\n"), Change: true},
		{Name: "cron variable", Module: "cron", Args: []any{"name", "B", "env", true, "job", "2", "cron_file", "b", "user", "root", "insertafter", "A"}, Setup: with("/etc/cron.d/b", "A=1\nC=3\n"), Change: true, Check: holds("/etc/cron.d/b", "A=1\nB=\"2\"\nC=3\n")},
		{Name: "time zone", Module: "timezone", Args: []any{"name", "Europe/Berlin"}, Setup: with("/usr/share/zoneinfo/Europe/Berlin", "", "/etc/timezone", "Etc/UTC\n"), Change: true, Check: holds("/etc/timezone", "Europe/Berlin\n")},
		{Name: "kernel module there", Module: "modprobe", Args: []any{"name", "br-netfilter"}, Setup: with("/proc/modules", "br_netfilter 1 0 - Live\n")},
		{Name: "kernel module at boot", Module: "modprobe", Args: []any{"name", "x", "persistent", "present", "params", "a=1"}, Setup: with("/proc/modules", "x 1 0\n", "/etc/modules-load.d/.keep", "", "/etc/modprobe.d/.keep", ""), Change: true, Check: holds("/etc/modules-load.d/x.conf", "x\n", "/etc/modprobe.d/x.conf", "options x a=1\n")},
		{Name: "unit runs", Module: "systemd", Args: []any{"name", "a", "state", "started"}, Setup: answering(map[string]string{"systemctl show a": "LoadState=loaded\nActiveState=active\n"})},
		{Name: "user there", Module: "user", Args: []any{"name", "app", "shell", "/bin/sh", "uid", 1000, "groups", []any{}, "create_home", false}},
		{Name: "user absent", Module: "user", Args: []any{"name", "nobodyx", "state", "absent"}},
		{Name: "group there", Module: "group", Args: []any{"name", "app", "gid", 1000}},
		{Name: "getent", Module: "getent", Args: []any{"database", "passwd"}, Setup: answering(map[string]string{"getent passwd": "root:x:0:0:root:/root:/bin/bash\n"})},
		{Name: "debconf lists", Module: "debconf", Args: []any{"name", "tzdata"}, Setup: answering(map[string]string{"debconf-show tzdata": "* tzdata/Areas: Etc\n"})},
		{Name: "setup", Module: "setup", Args: []any{"gather_subset", "!all"}},
	} {
		modtest.Conform(t, tc)
	}
}

func TestSystemModulesRunCommands(t *testing.T) {
	const inactive = "LoadState=loaded\nActiveState=inactive\n"
	tests := []struct {
		name, module string
		args         []any
		answers      map[string]string
		want         string // the last command
	}{
		{"start", "systemd", []any{"name", "a", "state", "started"}, map[string]string{"systemctl show a": inactive}, "systemctl start a"},
		{"reload starts what is down", "service", []any{"name", "a", "state", "reloaded", "use", "systemd"}, map[string]string{"systemctl show a": inactive}, "systemctl start a"},
		{"restart", "systemd", []any{"name", "a", "state", "restarted", "no_block", true}, map[string]string{"systemctl --no-block show a": "LoadState=loaded\nActiveState=active\n"}, "systemctl --no-block restart a"},
		{"mask", "systemd", []any{"name", "a", "masked", true}, map[string]string{"systemctl show a": inactive}, "systemctl mask a"},
		{"user scope", "systemd", []any{"scope", "user", "daemon_reload", true}, nil, "systemctl --user daemon-reload"},
		{"new user", "user", []any{"name", "ada", "uid", 5, "groups", "root,app", "system", true, "comment", "A B"}, nil, "useradd -u 5 -G root,app -c A B -m -r ada"},
		{"change user", "user", []any{"name", "app", "shell", "/bin/bash", "groups", "root", "append", true, "password_lock", true, "create_home", false}, nil, "usermod -a -G root -s /bin/bash -L app"},
		{"new user by libuser", "user", []any{"name", "ada", "groups", "root", "expires", 86400.5, "local", true}, nil, "lgroupmod -M ada root"},
		{"capability added", "capabilities", []any{"path", "/bin/x", "capability", "CAP_CHOWN=ep"}, map[string]string{"getcap -v /bin/x": "/bin/x cap_a,cap_b=ep\n"}, "setcap cap_a=ep cap_b=ep cap_chown=ep /bin/x"},
		{"capability removed under an old libcap", "capabilities", []any{"path", "/bin/x", "capability", "cap_a", "state", "absent"}, map[string]string{"getcap -v /bin/x": "/bin/x = cap_a,cap_b+ep\n"}, "setcap cap_b+ep /bin/x"},
		{"capability there", "capabilities", []any{"path", "/bin/x", "capability", "cap_b=ep"}, map[string]string{"getcap -v /bin/x": "/bin/x cap_a,cap_b=ep\n"}, "getcap -v /bin/x"},
		{"attribute set", "xattr", []any{"path", "/etc", "key", "k", "value", "v"}, map[string]string{"getfattr": "# file: /etc\nuser.k=\"w\"\n"}, "setfattr -n user.k -v v /etc"},
		{"attribute removed", "xattr", []any{"path", "/etc", "namespace", "trusted", "key", "k", "state", "absent", "follow", false}, map[string]string{"getfattr": "trusted.k=\"1\"\n"}, "setfattr -h -x trusted.k /etc"},
		{"attributes listed", "xattr", []any{"path", "/etc", "state", "keys"}, nil, "getfattr --absolute-names /etc"},
		{"password by stdin", "user", []any{"name", "app", "password", "*", "create_home", false}, nil, "chpasswd -e"},
		{"remove user", "user", []any{"name", "app", "state", "absent", "remove", true, "force", true}, nil, "userdel -f -r app"},
		{"password age", "user", []any{"name", "app", "password_expire_max", 9, "create_home", false}, nil, "chage -M 9 app"},
		{"new group", "group", []any{"name", "g", "gid", 7, "system", true}, nil, "groupadd -g 7 -r g"},
		{"other number", "group", []any{"name", "app", "gid", 7}, nil, "groupmod -g 7 app"},
		{"hold", "dpkg_selections", []any{"name", "a", "selection", "hold"}, map[string]string{"dpkg --get": "a\tinstall\n"}, "dpkg --set-selections"},
		{"answer", "debconf", []any{"name", "a", "question", "a/b", "vtype", "boolean", "value", true}, map[string]string{"debconf-show": "a/b: false\n"}, "debconf-set-selections"},
		{"packet filter waits", "iptables", []any{"chain", "INPUT", "source", "10.0.0.1", "jump", "DROP", "action", "insert", "rule_num", "2", "wait", "5", "state", "absent"}, nil, "/usr/sbin/iptables -t filter -D INPUT -w 5 -s 10.0.0.1 -j DROP"},
		{"both packet filters", "iptables", []any{"chain", "INPUT", "icmp_type", "8", "state", "absent", "ip_version", "both"}, nil, "/usr/sbin/ip6tables -t filter -D INPUT --icmpv6-type 8"},
		{"crontab", "cron", []any{"name", "j", "job", "x", "user", "app"}, nil, "crontab -u app -"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h := target.NewFake()
			answering(tt.answers)(h)
			res := modtest.Run(h, call(tt.args...), tt.module)
			ran := h.Ran()
			if len(ran) == 0 {
				t.Fatalf("nothing ran: %s", value.Repr(res))
			}
			if got := strings.Join(ran[len(ran)-1].Argv, " "); got != tt.want {
				t.Errorf("last ran %q, want %q", got, tt.want)
			}
		})
	}
}

func TestSystemModulesRefuse(t *testing.T) {
	for _, tt := range []struct {
		module string
		args   []any
		want   string
	}{
		{"systemd", []any{"name", "a*", "state", "started"}, "glob patterns"},
		{"systemd", []any{"name", "nosuch", "state", "started"}, "Could not find the requested service nosuch"},
		{"user", []any{"name", "ada", "group", "nosuch"}, "Group nosuch does not exist"},
		{"group", []any{"name", "g", "non_unique", true}, "missing: gid"},
		{"cron", []any{"name", "a\nb", "job", "x"}, "must be a single line"},
		{"cron", []any{"name", "a"}, "You must specify 'job'"},
		{"cron", []any{"name", "a", "job", "x", "hour", "1", "special_time", "daily"}, "You cannot combine special_time with any of the time or day/date parameters."},
		{"authorized_key", []any{"user", "ghost", "key", oneKey}, "Failed to lookup user ghost"},
		{"authorized_key", []any{"user", "app", "key", "no key"}, "invalid key specified"},
		{"apt_repository", []any{"repo", "http://x"}, "Invalid repository string"},
		{"apt_repository", []any{"repo", "deb"}, "Invalid repository string: deb"},
		{"timezone", []any{"name", "Mars/Phobos"}, "is not available"},
		{"wait_for", []any{"path", "/x", "port", 1}, "can not both be passed"},
		{"wait_for", []any{"port", 1, "search_regex", "("}, "not a valid expression"},
		{"wait_for", []any{"port", 1, "state", "drained", "active_connection_states", "X"}, "active_connection_state (X)"},
		{"uri", []any{"url", "http://127.0.0.1/", "method", "get it"}, "single word"},
		{"get_url", []any{"url", "http://127.0.0.1/", "dest", "/x", "checksum", "abc"}, "<algorithm>:<checksum>"},
		{"setup", []any{"gather_subset", "hardwear"}, "Bad subset 'hardwear'"},
		{"sysstat", []any{"fail", map[string]any{"cpu.percent": "much"}}, `"much" is no condition for cpu.percent`},
	} {
		h := target.NewFake()
		answering(nil)(h)
		res := modtest.Run(h, call(tt.args...), tt.module)
		if msg := value.String(res.At("msg")); !value.Truth(res.At("failed")) || !strings.Contains(msg, tt.want) {
			t.Errorf("%s %v: got %q, want %q", tt.module, tt.args, msg, tt.want)
		}
	}
}

func call(args ...any) *modules.Call { return &modules.Call{Args: value.DictOf(args...)} }

func TestCheckModeForeseesGroupsOfNewUsers(t *testing.T) {
	host := target.NewFake()
	host.Programs["useradd"] = "/usr/sbin/useradd"
	host.Exec = func(target.Cmd) (*target.Output, error) { return new(target.Output), nil }
	user, _ := modules.Lookup("user")
	args := value.DictOf("name", "ada", "group", "ada", "groups", "makers")
	res, err := user.Run(t.Context(), host, &modules.Call{Args: args, Check: true})
	if err != nil || !res.Changed {
		t.Errorf("in check mode: %+v, %v", res, err)
	}
	if _, err := user.Run(t.Context(), host, &modules.Call{Args: args}); err == nil || !strings.Contains(err.Error(), "Group ada does not exist") {
		t.Errorf("for real: %v", err)
	}
}

package modules

import (
	"reflect"
	"strings"
	"testing"

	"drover/modules/target"
	"drover/playbook/value"
)

func TestParseProperties(t *testing.T) {
	got := parseProperties("Id=a.service\nExecStart={ path=/bin/a ;\n b }\nDescription=x = y\nEmpty=\n\nnoise\n")
	want := `{"Id": "a.service", "ExecStart": "{ path=/bin/a ;\n b }", "Description": "x = y", "Empty": ""}`
	if text := value.JSON(got); text != want {
		t.Errorf("got %s, want %s", text, want)
	}
}

func TestUnitAction(t *testing.T) {
	for _, tt := range []struct{ want, active, action string }{
		{"started", "active", ""}, {"started", "activating", ""}, {"started", "failed", "start"}, {"started", "inactive", "start"},
		{"stopped", "active", "stop"}, {"stopped", "deactivating", "stop"}, {"stopped", "inactive", ""},
		{"restarted", "active", "restart"}, {"restarted", "inactive", "start"},
		{"reloaded", "active", "reload"}, {"reloaded", "failed", "start"},
	} {
		if got := unitAction(tt.want, tt.active); got != tt.action {
			t.Errorf("%s of a unit that is %s: %q, want %q", tt.want, tt.active, got, tt.action)
		}
	}
}

func TestFindDigest(t *testing.T) {
	list := "aa  one.iso\nbb *two.iso\ncc  ./three.iso\r\n"
	for name, want := range map[string]string{"one.iso": "aa", "two.iso": "bb", "three.iso": "cc", "four.iso": ""} {
		if got := findDigest(list, name); got != want {
			t.Errorf("%s has %q, want %q", name, got, want)
		}
	}
	if got := findDigest("dd\n", "any"); got != "dd" {
		t.Errorf("a lone digest gives %q", got)
	}
}

func TestParseConnection(t *testing.T) {
	c, ok := parseConnection("   0: 0100007F:0016 0200000A:C350 01 00000000:00000000 00:00000000")
	if !ok || c.local.String() != "127.0.0.1" || c.localPort != 22 || c.remote.String() != "10.0.0.2" || c.state != "01" {
		t.Errorf("got %+v, %v", c, ok)
	}
	c, ok = parseConnection("1: 0000000000000000FFFF00000100007F:1F90 0000000000000000FFFF00000100007F:0001 06")
	if !ok || c.local.String() != "127.0.0.1" || c.localPort != 8080 {
		t.Errorf("an IPv4 address in IPv6 gives %+v, %v", c, ok)
	}
	for _, bad := range []string{"", "  sl  local_address rem_address st", "0: zz:0016 zz:0000 01"} {
		if _, ok := parseConnection(bad); ok {
			t.Errorf("%q is taken as a connection", bad)
		}
	}
}

func TestSwitchLocale(t *testing.T) {
	text := "# de_DE ISO-8859-1\n# de_DE.UTF-8 UTF-8\nen_US.UTF-8 UTF-8\n"
	on, found := switchLocale(text, "de_DE.UTF-8", true)
	if want := "# de_DE ISO-8859-1\nde_DE.UTF-8 UTF-8\nen_US.UTF-8 UTF-8\n"; !found || on != want {
		t.Errorf("got %q", on)
	}
	off, _ := switchLocale(on, "de_DE.UTF-8", false)
	if off != text {
		t.Errorf("got %q, want %q", off, text)
	}
	if _, found := switchLocale(text, "xx_XX.UTF-8", true); found {
		t.Error("a locale that is not listed is found")
	}
}

func TestFindRef(t *testing.T) {
	list := "h\tHEAD\nm\trefs/heads/main\nt\trefs/tags/v1\nc\trefs/tags/v1^{}\nl\trefs/tags/light\n"
	for version, want := range map[string]string{"HEAD": "h", "main": "m", "v1": "c", "light": "l", "nosuch": ""} {
		if got := findRef(list, version); got != want {
			t.Errorf("%s is %q, want %q", version, got, want)
		}
	}
}

func TestUnitFactState(t *testing.T) {
	for _, tt := range []struct{ load, active, sub, want string }{
		{"loaded", "active", "running", "running"}, {"loaded", "active", "exited", "stopped"},
		{"loaded", "failed", "failed", "failed"}, {"not-found", "inactive", "dead", "stopped"},
	} {
		if got := unitFactState(tt.load, tt.active, tt.sub); got != tt.want {
			t.Errorf("%v gives %s", tt, got)
		}
	}
}

func TestPasswordHashWarning(t *testing.T) {
	for password, warns := range map[string]bool{
		"secret": true, "*": false, "!": false, "$6$salt$" + strings.Repeat("a", 86): false,
		"$6$salt$short": true, "$y$j9T$salt$" + strings.Repeat("b", 43): false, "$1$salt$" + strings.Repeat("c", 22): false,
		"$6$sa:lt$" + strings.Repeat("a", 86): true,
	} {
		u := &account{userArgs: &userArgs{Password: &password}, res: &Result{}}
		u.checkHash()
		if got := len(u.res.Warnings) > 0; got != warns {
			t.Errorf("%q warns: %v", password, got)
		}
	}
}

func TestReadShadow(t *testing.T) {
	h := target.NewFake()
	h.Write("/etc/shadow", "root:*:1:0:99999:7:::\nada:!$6$x:19000:0:90:7:30:21915:\n")
	got := readShadow(h, "ada")
	if want := (shadowEntry{"!$6$x", "0", "90", "7", "30", "21915"}); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v", got)
	}
	if day := got.expiryDate(); day != "2030-01-01" {
		t.Errorf("the account ends on %s", day)
	}
	if day := readShadow(h, "root").expiryDate(); day != "" {
		t.Errorf("root ends on %s", day)
	}
}

func TestNetrcLogin(t *testing.T) {
	h := target.NewFake()
	h.Write("/root/.netrc", "machine other login no password no\nmachine web.example.org\n login ada\n password pw\ndefault login any password x\n")
	for address, want := range map[string]string{"http://web.example.org/x": "ada:pw", "https://else.example.org": "any:x"} {
		user, password := netrcLogin(h, address)
		if got := user + ":" + password; got != want {
			t.Errorf("%s has %s, want %s", address, got, want)
		}
	}
}

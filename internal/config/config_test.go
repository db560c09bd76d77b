package config

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// load reads text as ./ansible.cfg with the given variables set.
func load(t *testing.T, text string, vars map[string]string) (*Config, string, error) {
	t.Helper()
	dir := t.TempDir()
	if text != "" {
		if err := os.WriteFile(filepath.Join(dir, "ansible.cfg"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	c, err := Load(Environ{Getenv: func(k string) string { return vars[k] }, Dir: dir, Home: "/home/me"})
	return c, dir, err
}

func TestFileAndEnvironment(t *testing.T) {
	c, dir, err := load(t, `# mine
[defaults]
inventory = hosts.ini, ./more ; two of them
forks: 7
roles_path = roles:~/shared/roles
host_key_checking = False
unknown_key = ignored
[privilege_escalation]
become = yes
become_user = admin
[ssh_connection]
ssh_args = -o ControlMaster=auto
   -o ControlPersist=60s
timeout = 33
`, map[string]string{"ANSIBLE_FORKS": "9", "ANSIBLE_VAULT_IDENTITY_LIST": "dev@a, prod@b"})
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{dir + "/hosts.ini", dir + "/more"}; !slices.Equal(c.Inventory, want) {
		t.Errorf("Inventory = %q, want %q", c.Inventory, want)
	}
	if want := []string{dir + "/roles", "/home/me/shared/roles"}; !slices.Equal(c.RolesPath, want) {
		t.Errorf("RolesPath = %q, want %q", c.RolesPath, want)
	}
	if c.Forks != 9 || c.Origin("forks").Env != "ANSIBLE_FORKS" {
		t.Errorf("Forks = %d from %s, want 9 from the environment", c.Forks, c.Origin("forks"))
	}
	if c.HostKeyChecking || !c.Become || c.BecomeUser != "admin" || c.Timeout != 33*time.Second {
		t.Errorf("got %v %v %q %v", c.HostKeyChecking, c.Become, c.BecomeUser, c.Timeout)
	}
	if c.SSHArgs != "-o ControlMaster=auto\n-o ControlPersist=60s" {
		t.Errorf("SSHArgs = %q", c.SSHArgs)
	}
	if !slices.Equal(c.VaultIdentityList, []string{"dev@a", "prod@b"}) {
		t.Errorf("VaultIdentityList = %q", c.VaultIdentityList)
	}
	if got := c.Origin("become").Pos.Line; got != 9 {
		t.Errorf("become comes from line %d, want 9", got)
	}
}

func TestDefaults(t *testing.T) {
	c, _, err := load(t, "", nil)
	if err != nil {
		t.Fatal(err)
	}
	if c.Forks != 50 || !c.HostKeyChecking || c.Gathering != "implicit" || c.Timeout != 10*time.Second || c.BecomeUser != "root" {
		t.Errorf("defaults are %+v", c)
	}
	if c.Origin("forks").String() != "default" {
		t.Errorf("origin = %s", c.Origin("forks"))
	}
}

func TestBadValuesNameTheirPlace(t *testing.T) {
	for _, tc := range []struct{ text, want string }{
		{"[defaults]\nforks = many\n", `ansible.cfg:2:1: bad value for forks`},
		{"[defaults]\ngathering = never\n", `none of implicit, explicit, smart`},
		{"[defaults]\nhost_key_checking = perhaps\n", `not a boolean`},
		{"forks = 1\n", `ansible.cfg:1:1: expected [section]`},
		{"[defaults\n", `without ']'`},
	} {
		_, _, err := load(t, tc.text, nil)
		if err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%q: error %v, want %q", tc.text, err, tc.want)
		}
	}
}

func TestDiscovery(t *testing.T) {
	dir := t.TempDir()
	other := filepath.Join(dir, "other.cfg")
	for _, p := range []string{other, filepath.Join(dir, "ansible.cfg")} {
		if err := os.WriteFile(p, []byte("[defaults]\nforks=3\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	at := func(vars map[string]string) *Config {
		c, err := Load(Environ{Getenv: func(k string) string { return vars[k] }, Dir: dir, Home: "/nowhere"})
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	if c := at(map[string]string{"ANSIBLE_CONFIG": other}); c.Path != other {
		t.Errorf("ANSIBLE_CONFIG: read %q", c.Path)
	}
	if err := os.Chmod(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	if c := at(nil); c.Path == filepath.Join(dir, "ansible.cfg") || len(c.Warnings) != 1 {
		t.Errorf("a world writable folder's file was read: %q, warnings %q", c.Path, c.Warnings)
	}
}

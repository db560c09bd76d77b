// Package config reads what people already have: an ansible.cfg and the
// ANSIBLE_* environment variables. Every setting drover understands is one row
// of a typed table (table.go); keys it does not know are ignored, values it
// can't read are errors that say where they stand.
package config

import (
	"os"
	"path/filepath"
	"strings"
	"time"

	"drover/playbook/source"
)

// Config holds the settings, defaults filled in. It is read-only after Load.
type Config struct {
	Path     string   // the configuration file that was read, or ""
	Warnings []string // about the configuration itself (a file that was passed over)

	Inventory       []string
	RemoteUser      string
	RemotePort      int
	PrivateKeyFile  string
	Transport       string
	Timeout         time.Duration
	Forks           int
	HostKeyChecking bool
	RemoteTmp       string
	SSHArgs         string
	SSHCommonArgs   string
	SSHExtraArgs    string
	ControlPathDir  string // where the sockets of kept connections are
	SSHRetries      int    // how often a host that can't be reached is tried again

	AskPass                bool
	ConnectionPasswordFile string
	Become                 bool
	BecomeMethod           string
	BecomeUser             string
	BecomeFlags            string
	BecomeExe              string
	BecomeAskPass          bool
	BecomePasswordFile     string

	RolesPath             []string
	CollectionsPath       []string
	Library               []string
	PluginFilters         string // the file that lists modules not to be used
	Gathering             string
	FactCaching           string
	FactCachingPath       string
	FactCachingPrefix     string
	FactCachingExpiry     time.Duration
	HashBehaviour         string
	PrivateRoleVars       bool
	AnyErrorsFatal        bool
	ForceHandlers         bool
	MissingHandlerIsError bool
	DuplicateKeys         string
	ErrorOnUndefined      bool
	InjectFacts           bool // facts are variables too
	NoLog                 bool // for tasks that don't say
	PollInterval          int  // of async tasks, in seconds
	Strategy              string
	Debugger              bool   // opens at failed tasks
	DebuggerIgnoresErrors bool   // but not where the failure is ignored
	Compat                string // the version of Ansible to behave like: 2.18, or 2.19
	JinjaNative           bool   // types of templates in Compat 2.18: jinja2_native
	JinjaExtensions       []string
	AnyCondition          bool // conditions need not be booleans: allow_broken_conditionals
	TaskTimeout           time.Duration
	RetryFiles            bool
	RetryFilesPath        string
	DiffAlways            bool
	DiffContext           int
	DiffMax               int // bytes of the texts that diffs show; 0 is no limit
	RunTags               []string
	SkipTags              []string
	Managed               string // what ansible_managed says in templates

	AskVaultPass         bool
	VaultPasswordFile    string
	VaultIdentity        string
	VaultIdentityList    []string
	VaultIDMatch         bool // only passwords of the text's own id count
	VaultEncryptIdentity string
	VaultEncryptSalt     string

	StdoutCallback      string
	AdhocCallbacks      bool // StdoutCallback counts for ad-hoc commands too
	ResultFormat        string
	Verbosity           int
	LogPath             string
	LogVerbosity        int
	NoColor             bool
	ForceColor          bool
	DisplaySkippedHosts bool
	DisplayOKHosts      bool
	DisplayFailedStderr bool
	DisplayArgs         bool
	ShowCustomStats     bool
	CheckModeMarkers    bool
	AnsibleHome         string
	ModuleName          string // of ad-hoc commands
	ModuleArgs          string
	BecomeSameUser      bool
	InventoryExport     bool
	ShowHostStart       bool
	ShowPathOnFailure   bool
	PrettyResults       bool
	DeprecationWarnings bool

	InventoryUnparsedFails    bool
	InventoryUnparsedAnyFails bool
	InventoryUnparsedWarning  bool
	InventoryEnabled          []string
	InventoryIgnoreExtensions []string
	InventoryIgnorePatterns   []string
	YAMLExtensions            []string
	PatternMismatch           string
	GroupChars                string

	colours  map[string]*string // names of colours, by what they are for
	origins  map[string]Origin
	settings []setting
	file     *iniFile // what Load read
	env      Environ  // and from where
}

// Origin says where a setting's value came from: an environment variable or a
// place in the configuration file; the zero Origin is the default.
type Origin struct {
	Env string
	Pos source.Pos
}

// String names the origin for people.
func (o Origin) String() string {
	switch {
	case o.Env != "":
		return "environment variable " + o.Env
	case o.Pos.Known():
		return o.Pos.String()
	}
	return "default"
}

// Origin says where the value of the setting called name came from; names are
// the keys of ansible.cfg ("forks", "become_user").
func (c *Config) Origin(name string) Origin { return c.origins[name] }

// Environ is what Load needs of the process.
type Environ struct {
	Getenv func(string) string
	Dir    string // the working directory
	Home   string
}

// Process gives the environment of this process.
func Process() Environ {
	dir, _ := os.Getwd()
	home, _ := os.UserHomeDir()
	return Environ{Getenv: os.Getenv, Dir: dir, Home: home}
}

// Load finds and reads the configuration: ANSIBLE_CONFIG, ./ansible.cfg (not
// in a folder that others can write), ~/.ansible.cfg, /etc/ansible/ansible.cfg;
// the first that exists is the only one. Environment variables go above it.
func Load(env Environ) (*Config, error) {
	c := &Config{origins: map[string]Origin{}}
	c.Path = c.discover(env)
	file, err := readINI(c.Path)
	if err != nil {
		return nil, err
	}
	var errs source.List
	c.settings, c.file, c.env = table(c), file, env
	for _, s := range c.settings {
		errs.Add(c.apply(s, file, env))
	}
	return c, errs.Err()
}

// discover gives the path of the configuration file, "" when there is none.
func (c *Config) discover(env Environ) string {
	if p := env.Getenv("ANSIBLE_CONFIG"); p != "" {
		p = expand(p, env, env.Dir)
		if isDir(p) {
			p = filepath.Join(p, "ansible.cfg")
		}
		if readable(p) {
			return p
		}
	}
	here := filepath.Join(env.Dir, "ansible.cfg")
	if readable(here) {
		if !worldWritable(env.Dir) {
			return here
		}
		c.Warnings = append(c.Warnings, "drover is being run in a world writable directory ("+env.Dir+"), ignoring it as an ansible.cfg source")
	}
	for _, p := range []string{filepath.Join(env.Home, ".ansible.cfg"), "/etc/ansible/ansible.cfg"} {
		if readable(p) {
			return p
		}
	}
	return ""
}

// apply sets one setting from the first place that has it.
func (c *Config) apply(s setting, file *iniFile, env Environ) error {
	raw := rawValue{text: c.atHome(s.fallback), env: env, base: env.Dir}
	origin := Origin{}
	if e, v, ok := fromEnv(s.env, env); ok {
		raw.text, origin.Env = v, e
	} else if v, pos, ok := file.lookup(s.keys); ok {
		raw.text, origin.Pos = v, pos
		raw.base = filepath.Dir(c.Path)
	}
	c.origins[s.name] = origin
	if err := s.set(raw); err != nil {
		return source.Errorf(origin.Pos, "bad value for %s (from %s): %v", s.name, origin, err)
	}
	return nil
}

// defaultHome is where Ansible keeps what is its own.
const defaultHome = "~/.ansible"

// atHome puts the folder that was chosen instead of defaultHome into a default.
func (c *Config) atHome(fallback string) string {
	if c.AnsibleHome == "" || c.AnsibleHome == defaultHome {
		return fallback
	}
	return strings.ReplaceAll(fallback, defaultHome+"/", strings.TrimSuffix(c.AnsibleHome, "/")+"/")
}

func fromEnv(names []string, env Environ) (name, text string, ok bool) {
	for _, n := range names {
		if v := env.Getenv(n); v != "" {
			return n, v, true
		}
	}
	return "", "", false
}

func readable(path string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	st, err := f.Stat()
	return err == nil && !st.IsDir()
}

func isDir(path string) bool {
	st, err := os.Stat(path)
	return err == nil && st.IsDir()
}

func worldWritable(dir string) bool {
	st, err := os.Stat(dir)
	return err == nil && st.Mode().Perm()&0o002 != 0
}

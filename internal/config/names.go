package config

import (
	"path/filepath"
	"slices"
	"strings"
	"time"

	"drover/internal/settings"
)

// Setting is one setting with the value that is in force. Value is a string,
// bool, int, float64 (seconds) or []string; for Config.Setting what package settings
// makes.
type Setting struct {
	Name   string // as Ansible's config lookup knows it: DEFAULT_FORKS
	Key    string // as ansible.cfg knows it: forks
	Value  any
	Origin Origin
	// Env and Keys say where it can be set: environment variables, and
	// "section.key" of ansible.cfg.
	Env, Keys []string
}

// constants are the names of settings that are not "DEFAULT_" and the key.
var constants = map[string]string{
	"inventory": "DEFAULT_HOST_LIST", "library": "DEFAULT_MODULE_PATH", "host_key_checking": "HOST_KEY_CHECKING",
	"collections_path": "COLLECTIONS_PATHS", "fact_caching": "CACHE_PLUGIN", "fact_caching_connection": "CACHE_PLUGIN_CONNECTION",
	"fact_caching_prefix": "CACHE_PLUGIN_PREFIX", "fact_caching_timeout": "CACHE_PLUGIN_TIMEOUT", "any_errors_fatal": "ANY_ERRORS_FATAL", "task_timeout": "TASK_TIMEOUT",
	"error_on_undefined_vars": "DEFAULT_UNDEFINED_VAR_BEHAVIOR", "retry_files_enabled": "RETRY_FILES_ENABLED",
	"retry_files_save_path": "RETRY_FILES_SAVE_PATH", "diff_always": "DIFF_ALWAYS", "diff_context": "DIFF_CONTEXT", "max_diff_size": "MAX_FILE_SIZE_FOR_DIFF",
	"run_tags": "TAGS_RUN", "skip_tags": "TAGS_SKIP", "nocolor": "ANSIBLE_NOCOLOR", "force_color": "ANSIBLE_FORCE_COLOR",
	"display_skipped_hosts": "DISPLAY_SKIPPED_HOSTS", "display_ok_hosts": "DISPLAY_OK_HOSTS",
	"display_failed_stderr": "DISPLAY_FAILED_STDERR", "display_args_to_stdout": "DISPLAY_ARGS_TO_STDOUT",
	"show_custom_stats": "SHOW_CUSTOM_STATS", "check_mode_markers": "CHECK_MODE_MARKERS",
	"deprecation_warnings": "DEPRECATION_WARNINGS", "become_password_file": "BECOME_PASSWORD_FILE",
	"connection_password_file": "CONNECTION_PASSWORD_FILE", "unparsed_is_failed": "INVENTORY_UNPARSED_IS_FAILED",
	"any_unparsed_is_failed": "INVENTORY_ANY_UNPARSED_IS_FAILED", "inventory_unparsed_warning": "INVENTORY_UNPARSED_WARNING",
	"enable_plugins": "INVENTORY_ENABLED", "inventory_ignore_extensions": "INVENTORY_IGNORE_EXTS",
	"inventory_ignore_patterns": "INVENTORY_IGNORE_PATTERNS", "yaml_valid_extensions": "YAML_FILENAME_EXTENSIONS",
	"host_pattern_mismatch": "HOST_PATTERN_MISMATCH", "force_valid_group_names": "TRANSFORM_INVALID_GROUP_CHARS",
	"vault_encrypt_salt":        "VAULT_ENCRYPT_SALT",
	"inject_facts_as_vars":      "INJECT_FACTS_AS_VARS",
	"ansible_managed":           "DEFAULT_MANAGED_STR",
	"bin_ansible_callbacks":     "DEFAULT_LOAD_CALLBACK_PLUGINS",
	"allow_broken_conditionals": "ALLOW_BROKEN_CONDITIONALS",
	"compat":                    "DROVER_COMPAT",
}

// Settings lists every setting, sorted by name.
func (c *Config) Settings() []Setting {
	all := make([]Setting, len(c.settings))
	for i, s := range c.settings {
		all[i] = c.describe(s)
	}
	slices.SortFunc(all, func(a, b Setting) int { return strings.Compare(a.Name, b.Name) })
	return all
}

// Setting gives the setting that Ansible's config lookup calls name, with the
// type and the default that Ansible gives it, whether drover acts on it or not.
func (c *Config) Setting(name string) (Setting, bool) {
	if s, ok := settings.Find(name); ok && !ownDefaults[name] {
		return c.asAnsible(s), true
	}
	for _, s := range c.settings {
		if s.constant() == name {
			return c.describe(s), true
		}
	}
	return Setting{}, false
}

// ownDefaults are the settings whose defaults are not Ansible's.
var ownDefaults = map[string]bool{"DEFAULT_FORKS": true}

func (c *Config) asAnsible(s *settings.Setting) Setting {
	d := Setting{Name: s.Name, Env: s.Env, Keys: s.Keys}
	base := c.env.Dir
	path := func(p string) string { return expand(p, c.env, base) }
	if e, text, ok := fromEnv(s.Env, c.env); ok {
		d.Value, d.Origin.Env = s.Value(text, path), e
	} else if text, pos, ok := c.file.lookup(iniKeys(s.Keys)); ok {
		base = filepath.Dir(c.Path)
		d.Value, d.Origin.Pos = s.Value(text, path), pos
	} else {
		d.Value = s.Default(ansibleHome(c.env), path)
	}
	return d
}

func iniKeys(names []string) []iniKey {
	keys := make([]iniKey, len(names))
	for i, name := range names {
		keys[i].section, keys[i].key, _ = strings.Cut(name, ".")
	}
	return keys
}

func (s setting) constant() string {
	if name, ok := constants[s.name]; ok {
		return name
	}
	if strings.HasPrefix(s.name, "color_") {
		return strings.ToUpper(s.name)
	}
	return "DEFAULT_" + strings.ToUpper(s.name)
}

func (c *Config) describe(s setting) Setting {
	d := Setting{Name: s.constant(), Key: s.name, Value: s.get(), Origin: c.origins[s.name], Env: s.env}
	if t, ok := d.Value.(time.Duration); ok {
		d.Value = t.Seconds()
	}
	for _, k := range s.keys {
		d.Keys = append(d.Keys, k.section+"."+k.key)
	}
	return d
}

package inventory

import (
	"slices"

	"drover/playbook/jinja"
	"drover/playbook/value"
	"drover/playbook/yaml"
)

// Options are the settings of ansible.cfg and of the command line that touch
// inventories. The zero Options mean Ansible's defaults.
type Options struct {
	// Enabled lists the formats to try, in order (enable_plugins); nil means
	// host_list, script, auto, yaml, ini, toml.
	Enabled []string
	// IgnoreExtensions and IgnorePatterns say which files of an inventory
	// folder are left out (inventory_ignore_extensions,
	// inventory_ignore_patterns, regular expressions). Nil extensions mean
	// the default list.
	IgnoreExtensions, IgnorePatterns []string
	// YAMLExtensions of YAML inventories; nil means .yaml .yml .json.
	YAMLExtensions []string
	// UnparsedFails: an error when no source at all could be read
	// (unparsed_is_failed). AnyUnparsedFails: when any could not
	// (any_unparsed_is_failed).
	UnparsedFails, AnyUnparsedFails bool
	// QuietUnparsed leaves out the warning that no inventory was parsed.
	QuietUnparsed bool
	// PatternMismatch is "warning" (default), "error" or "ignore".
	PatternMismatch string
	// GroupChars says what happens to group names that are no variable
	// names (force_valid_group_names): "never" (default), "ignore",
	// "always", "silently".
	GroupChars string
	// Vault decrypts vaulted files and values; nil: they are an error.
	Vault yaml.Decrypter
	// Timestamp makes the values of dates in YAML inventories; without it they
	// stay text.
	Timestamp yaml.Timestamp
	// Warn receives warnings; may be nil.
	Warn func(msg string)
	// Env evaluates the expressions of constructed and generator; nil: they
	// fail to load.
	Env *jinja.Env
	// ExtraVars are for constructed with use_extra_vars.
	ExtraVars *value.Dict
	// Facts gives the cached facts of a host for constructed; may be nil.
	Facts func(host string) (*value.Dict, bool)
	// HashMerge is hash_behaviour = merge.
	HashMerge bool
}

var (
	defaultFormats    = []string{"host_list", "script", "auto", "yaml", "ini", "toml"}
	defaultIgnoreExts = []string{".pyc", ".pyo", ".swp", ".bak", "~", ".rpm", ".md", ".txt", ".rst", ".orig", ".cfg", ".retry"}
	defaultYAMLExts   = []string{".yaml", ".yml", ".json"}
)

func (o *Options) warn(msg string) {
	if o.Warn != nil {
		o.Warn(msg)
	}
}

func (o *Options) formats() []string {
	if o.Enabled == nil {
		return defaultFormats
	}
	return o.Enabled
}

func (o *Options) ignoreExts() []string {
	if o.IgnoreExtensions == nil {
		return defaultIgnoreExts
	}
	return o.IgnoreExtensions
}

func (o *Options) isYAMLExt(ext string) bool {
	if o.YAMLExtensions == nil {
		return slices.Contains(defaultYAMLExts, ext)
	}
	return slices.Contains(o.YAMLExtensions, ext)
}

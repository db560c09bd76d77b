package inventory

import (
	"drover/playbook/value"
	"drover/playbook/yaml"
)

// Form says how what a view gives is written down.
type Form struct {
	// Sealed gives the vaulted text that a value was decrypted from; may be nil.
	Sealed func(value.Value) (text string, ok bool)
	// YAML writes vaulted text with the tag !vault instead of as JSON's mapping.
	YAML bool
	// Unsafe marks text that would else be read as a template.
	Unsafe bool
}

// vaulted is vaulted text in YAML.
type vaulted string

// Type is that of text.
func (vaulted) Type() string { return "str" }

// YAMLTagged gives the tag and the text after it.
func (v vaulted) YAMLTagged() (tag, text string) { return "!vault", string(v) }

// Write gives v with templates as the text they are written as, and with vaulted
// text as it was before it was decrypted.
func (f Form) Write(v value.Value) value.Value {
	if f.Sealed != nil {
		if text, ok := f.Sealed(v); ok && f.YAML {
			return vaulted(text)
		} else if ok {
			return value.DictOf(yaml.VaultKey, text)
		}
	}
	switch v := v.(type) {
	case *value.Template:
		if v.Secret {
			return value.Secret(v.Src)
		}
		return value.Str(v.Src)
	case value.Str:
		if f.Unsafe && yaml.HasMarkup(string(v)) {
			return value.DictOf(yaml.UnsafeKey, v)
		}
	}
	return value.Rebuild(v, f.Write)
}

package filters

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"drover/playbook/filters/pyyaml"
	"drover/playbook/jinja"
	"drover/playbook/source"
	"drover/playbook/value"
	"drover/playbook/yaml"
)

// serializeFilters turn values into JSON and YAML and back.
var serializeFilters = []entry{
	{"to_json", "value **options", toJSON, 0},
	{"to_nice_json", "value indent? sort_keys? **options", toNiceJSON, 0},
	{"from_json", "value profile? **options", fromJSON, 0},
	{"to_yaml", "value *ignored **options", toYAML, 0},
	{"to_nice_yaml", "value indent? *ignored **options", toNiceYAML, 0},
	{"from_yaml", "value", fromYAML, 0},
	{"from_yaml_all", "value", fromYAMLAll, 0},
}

func toJSON(a *args) (value.Value, error) {
	var o value.JSONOptions
	for _, kw := range a.extra {
		if err := setJSONOption(&o, kw); err != nil {
			return nil, err
		}
		if kw.Name == "default" && kw.Val != value.None && isContainer(a.val("value")) {
			return nil, fmt.Errorf("argument 'default' must be a function, which no template has; '%s' object is not callable", kw.Val.Type())
		}
	}
	return encodeJSON(a, o)
}

func encodeJSON(a *args, o value.JSONOptions) (value.Value, error) {
	out, err := value.AppendJSON(nil, a.val("value"), o)
	if err != nil {
		return nil, err
	}
	return value.Str(out), nil
}

func toNiceJSON(a *args) (value.Value, error) {
	o := value.JSONOptions{Pretty: true, Indent: "    ", SortKeys: a.truthOr("sort_keys", true)}
	for _, kw := range a.extra {
		if kw.Name == "separators" {
			continue
		}
		if err := setJSONOption(&o, kw); err != nil {
			return nil, err
		}
	}
	if v := a.lookup("indent"); v != nil {
		if err := setIndent(&o, v); err != nil {
			return nil, err
		}
	}
	o.Item, o.Key = ",", ": "
	return encodeJSON(a, o)
}

// setJSONOption sets a keyword argument of json.dumps.
func setJSONOption(o *value.JSONOptions, kw jinja.Kwarg) error {
	on := value.Truth(kw.Val)
	switch kw.Name {
	case "sort_keys":
		o.SortKeys = on
	case "ensure_ascii":
		o.RawUTF8 = !on
	case "allow_nan":
		o.NoNaN = !on
	case "skipkeys":
		o.SkipKeys = on
	case "indent":
		return setIndent(o, kw.Val)
	case "separators":
		return setSeparators(o, kw.Val)
	case "vault_to_text", "preprocess_unsafe", "check_circular", "profile", "default", "cls":
	default:
		return fmt.Errorf("to_json() got an unexpected keyword argument '%s'", kw.Name)
	}
	return nil
}

func setIndent(o *value.JSONOptions, v value.Value) error {
	if v == value.None {
		o.Pretty = false
		return nil
	}
	o.Pretty = true
	if s, ok := value.AsString(v); ok {
		o.Indent = s
		return nil
	}
	n, ok := value.AsInt(v)
	if !ok || n > 1000 {
		return fmt.Errorf("argument 'indent' must be a small number or a string, not '%s'", v.Type())
	}
	o.Indent = strings.Repeat(" ", int(max(n, 0)))
	return nil
}

func setSeparators(o *value.JSONOptions, v value.Value) error {
	if v == value.None {
		return nil
	}
	pair, ok := asSequence(v)
	if !ok || len(pair) != 2 {
		return errors.New("argument 'separators' must be a pair: what stands between items and what after a key")
	}
	o.Item, o.Key = value.String(pair[0]), value.String(pair[1])
	return nil
}

func fromJSON(a *args) (value.Value, error) {
	if name, _ := value.AsString(a.val("profile")); a.has("profile") && name != tagless {
		return nil, fmt.Errorf("Unknown profile name %s.", value.Repr(a.val("profile")))
	}
	var data []byte
	switch v := a.val("value").(type) {
	case value.Str:
		data = []byte(v)
	case value.Secret:
		data = []byte(v)
	case value.Bytes:
		data = []byte(v)
	default:
		return nil, fmt.Errorf("the JSON object must be str, bytes or bytearray, not %s", v.Type())
	}
	v, err := value.ParseJSON(data)
	if err == nil && (bytes.Contains(data, []byte("__ansible_")) || bytes.Contains(bytes.ToLower(data), []byte(`\ud`))) {
		err = storable(v)
	}
	return v, err
}

// tagless is the name of the form of JSON that the filters read and write.
const tagless = "tagless"

// storable refuses what JSON can hold and a variable can't: half a character,
// and the marks of Ansible's own forms of JSON.
func storable(v value.Value) error {
	switch v := v.(type) {
	case value.Str:
		if !utf8.ValidString(string(v)) {
			return errors.New("a string has half of a surrogate pair, which is no character")
		}
	case *value.List:
		for _, e := range v.Elems {
			if err := storable(e); err != nil {
				return err
			}
		}
	case *value.Dict:
		for _, name := range []string{"__ansible_type", "__ansible_vault", "__ansible_unsafe"} {
			mark, ok := v.Lookup(name)
			if !ok {
				continue
			}
			if name == "__ansible_type" {
				name = value.String(mark)
			}
			return fmt.Errorf("Object of type %s is not JSON deserializable by the '%s' profile.", value.Repr(value.Str(name)), tagless)
		}
		for _, e := range v.Entries() {
			if err := errors.Join(storable(e.Key), storable(e.Val)); err != nil {
				return err
			}
		}
	}
	return nil
}

func toYAML(a *args) (value.Value, error) {
	return dumpYAML(a, pyyaml.Options{})
}

func toNiceYAML(a *args) (value.Value, error) {
	return dumpYAML(a, pyyaml.Options{Indent: a.numOr("indent", 4), Flow: pyyaml.FlowNever})
}

func dumpYAML(a *args, o pyyaml.Options) (value.Value, error) {
	for _, kw := range a.extra {
		if err := setYAMLOption(a, &o, kw); err != nil {
			return nil, err
		}
	}
	if a.err != nil {
		return nil, a.err
	}
	out, err := pyyaml.Dump(a.val("value"), o)
	return value.Str(out), err
}

// setYAMLOption sets a keyword argument of yaml.dump.
func setYAMLOption(a *args, o *pyyaml.Options, kw jinja.Kwarg) error {
	on := value.Truth(kw.Val)
	switch kw.Name {
	case "indent", "width":
		n, ok := value.AsInt(kw.Val)
		if !ok && kw.Val != value.None {
			return fmt.Errorf("argument '%s' must be an integer, not '%s'", kw.Name, kw.Val.Type())
		}
		if kw.Name == "width" {
			o.Width = int(n)
		} else {
			o.Indent = int(n)
		}
	case "default_flow_style":
		o.Flow = pyyaml.FlowNever
		if kw.Val == value.None {
			o.Flow = pyyaml.FlowInnermost
		} else if on {
			o.Flow = pyyaml.FlowAlways
		}
	case "default_style":
		if s, _ := value.AsString(kw.Val); s != "" && strings.Contains(`'"|>`, s[:1]) {
			o.Style = s[0]
		}
	case "sort_keys":
		o.KeepOrder = !on
	case "canonical":
		o.Canonical = on
	case "explicit_start":
		o.ExplicitStart = on
	case "explicit_end":
		o.ExplicitEnd = on
	case "line_break":
		if s, _ := value.AsString(kw.Val); s == "\r" || s == "\r\n" {
			o.LineBreak = s
		}
	case "version":
		return setYAMLVersion(o, kw.Val)
	case "tags":
		return setYAMLTags(o, kw.Val)
	case "dump_vault_tags", "encoding", "vault_behavior":
	case "allow_unicode":
		return errors.New("yaml.dump() got multiple values for keyword argument 'allow_unicode'")
	default:
		return fmt.Errorf("dump_all() got an unexpected keyword argument '%s'", kw.Name)
	}
	return nil
}

// setYAMLVersion adds the directive for a pair of major and minor version.
func setYAMLVersion(o *pyyaml.Options, v value.Value) error {
	if v == value.None {
		return nil
	}
	pair, ok := asSequence(v)
	if !ok || len(pair) != 2 {
		return errors.New("argument 'version' must be a pair: the major and the minor number of a YAML version")
	}
	if major, _ := value.AsInt(pair[0]); major != 1 {
		return fmt.Errorf("YAML version %s.%s is not supported", value.String(pair[0]), value.String(pair[1]))
	}
	o.Version = "1." + value.String(pair[1])
	return nil
}

// setYAMLTags adds directives that give handles of tags their prefixes.
func setYAMLTags(o *pyyaml.Options, v value.Value) error {
	if v == value.None {
		return nil
	}
	m, ok := v.(value.Mapping)
	if !ok {
		return fmt.Errorf("argument 'tags' must be a dict of handles and prefixes, not '%s'", v.Type())
	}
	for _, k := range m.Keys() {
		prefix, _, err := m.Get(k)
		if err != nil {
			return err
		}
		handle, to := value.String(k), value.String(prefix)
		if len(handle) < 1 || handle[0] != '!' || handle[len(handle)-1] != '!' || to == "" {
			return fmt.Errorf("argument 'tags': the handle '%s' must start and end with '!' and have a prefix", handle)
		}
		o.Tags = append(o.Tags, handle+" "+to)
	}
	slices.Sort(o.Tags)
	return nil
}

// textName stands for the file of a text that comes from none.
const textName = "<unicode string>"

var untrusted = yaml.Options{Untrusted: true, StandardTags: true, Timestamp: Timestamp}

func fromYAML(a *args) (value.Value, error) {
	s, ok := value.AsString(a.val("value"))
	if !ok {
		return a.val("value"), nil
	}
	v, err := yaml.Value([]byte(s), textName, untrusted)
	return v, textError(err)
}

// textError tells the place of a fault in a text that is in no file as part of
// the message: the place that counts is that of the filter.
func textError(err error) error {
	var placed *source.Error
	if !errors.As(err, &placed) {
		return err
	}
	msg := placed.Msg
	if placed.Pos.Line > 0 {
		msg = fmt.Sprintf("%s (line %d, column %d of the text)", msg, placed.Pos.Line, placed.Pos.Col)
	}
	if placed.Hint != "" {
		msg += ": " + placed.Hint
	}
	return errors.New(msg)
}

func fromYAMLAll(a *args) (value.Value, error) {
	s, ok := value.AsString(a.val("value"))
	if !ok {
		if !a.has("value") {
			return value.NewList(), nil
		}
		return a.val("value"), nil
	}
	docs, err := yaml.Documents([]byte(s), textName, untrusted)
	if err != nil {
		return nil, textError(err)
	}
	out := value.NewList()
	for _, d := range docs {
		out.Append(d.Value())
	}
	return out, nil
}

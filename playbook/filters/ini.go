package filters

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"drover/internal/lazyre"
	"drover/playbook/filters/pyre"
	"drover/playbook/value"
)

// iniFilters read and write INI text.
var iniFilters = []entry{
	{"community.general.from_ini", "value", fromINI, 0},
	{"community.general.to_ini", "value", toINI, 0},
}

// iniParser reads INI text as Python's configparser does.
type iniParser struct {
	keepCase     bool
	allowNoValue bool
}

// iniFile holds the sections in order, and the options of [DEFAULT].
type iniFile struct {
	sections *value.Dict // name → *value.Dict
	defaults *value.Dict
}

var iniHeader = lazyre.New(`^\[(.+)\]`)

func (p iniParser) parse(text string) (*iniFile, error) {
	f := &iniFile{sections: value.NewDict(0), defaults: value.NewDict(0)}
	var section *value.Dict
	var last string // the option that an indented line continues
	indent, blanks := 0, 0
	for n, line := range strings.Split(text, "\n") {
		line = strings.TrimRight(line, pythonSpace)
		trimmed := strings.TrimLeft(line, pythonSpace)
		if strings.HasPrefix(trimmed, "#") || strings.HasPrefix(trimmed, ";") {
			continue
		}
		if trimmed == "" {
			blanks++
			continue
		}
		own := len(line) - len(trimmed)
		if section != nil && last != "" && own > indent {
			old := value.String(section.At(last))
			section.Put(last, value.Str(old+strings.Repeat("\n", blanks+1)+trimmed))
			blanks = 0
			continue
		}
		indent, blanks = own, 0
		if m := iniHeader.FindStringSubmatch(trimmed); m != nil {
			if _, seen := f.sections.Lookup(m[1]); seen {
				return nil, &duplicateError{"section", m[1], n + 1}
			}
			section, last = f.defaults, ""
			if m[1] != "DEFAULT" {
				section = value.NewDict(0)
				f.sections.Put(m[1], section)
			}
			continue
		}
		if section == nil {
			return nil, fmt.Errorf("File contains no section headers.\nfile: '<string>', line: %d\n%s", n+1, value.Repr(value.Str(line+"\n")))
		}
		key, err := p.option(section, trimmed, n+1)
		if err != nil {
			return nil, err
		}
		last = key
	}
	return f, nil
}

// option reads "key = value" into the section and gives the key.
func (p iniParser) option(section *value.Dict, line string, n int) (string, error) {
	key, val := line, value.None
	if i := strings.IndexAny(line, "=:"); i >= 0 {
		key, val = line[:i], value.Str(strings.TrimLeft(line[i+1:], pythonSpace))
	} else if !p.allowNoValue {
		return "", fmt.Errorf("Source contains parsing errors: '<string>'\n\t[line %2d]: %s", n, value.Repr(value.Str(line+"\n")))
	}
	key = strings.TrimRight(key, pythonSpace)
	if !p.keepCase {
		key = strings.ToLower(key)
	}
	if key == "" {
		return "", fmt.Errorf("Source contains parsing errors: '<string>'\n\t[line %2d]: %s", n, value.Repr(value.Str(line+"\n")))
	}
	if _, seen := section.Lookup(key); seen {
		return "", &duplicateError{"option", key, n}
	}
	section.Put(key, val)
	return key, nil
}

// options gives all options of a section, the defaults behind its own.
func (f *iniFile) options(section string) (*value.Dict, bool) {
	own, ok := f.sections.Lookup(section)
	if !ok {
		return nil, false
	}
	return f.defaults.Clone().Update(own.(*value.Dict)), true
}

var interpolation = lazyre.New(`%(?:\(([^)]*)\)s|.?)`)

// interpolate replaces %(name)s by other options.
func interpolate(options *value.Dict, s string, depth int) (string, error) {
	if depth > 10 {
		return "", errors.New("Recursion limit exceeded in value substitution")
	}
	var fault error
	out := interpolation.ReplaceAllStringFunc(s, func(m string) string {
		name := interpolation.FindStringSubmatch(m)[1]
		switch {
		case m == "%%":
			return "%"
		case !strings.HasPrefix(m, "%("):
			fault = fmt.Errorf("'%%' must be followed by '%%' or '(', found: %s", value.Repr(value.Str(m)))
			return m
		}
		v, ok := options.Lookup(strings.ToLower(name))
		if !ok {
			fault = fmt.Errorf("Bad value substitution: option refers to %s, which is not there", value.Repr(value.Str(name)))
			return m
		}
		inner, err := interpolate(options, value.String(v), depth+1)
		if err != nil {
			fault = err
		}
		return inner
	})
	return out, fault
}

func fromINI(a *args) (value.Value, error) {
	s, ok := value.AsString(a.val("value"))
	if !ok {
		return nil, fmt.Errorf("from_ini requires a str, got %s", className(a.val("value")))
	}
	f, err := iniParser{keepCase: true}.parse(s)
	if err != nil {
		return nil, fmt.Errorf("from_ini failed to parse given string: %w", err)
	}
	out := value.NewDict(0)
	for _, e := range f.sections.Entries() {
		options, _ := f.options(value.String(e.Key))
		out.Set(e.Key, options)
	}
	if f.defaults.Len() > 0 {
		out.Put("DEFAULT", f.defaults)
	}
	return out, nil
}

func toINI(a *args) (value.Value, error) {
	d, ok := asDict(a.val("value"))
	if !ok {
		return nil, fmt.Errorf("to_ini requires a dict, got %s", className(a.val("value")))
	}
	if d.Len() == 0 {
		return nil, errors.New("to_ini received an empty dict. An empty dict cannot be converted.")
	}
	var b strings.Builder
	for _, e := range d.Entries() {
		section, ok := asDict(e.Val)
		if !ok {
			return nil, fmt.Errorf("to_ini failed to parse given dict: section '%s' is no dictionary", value.String(e.Key))
		}
		fmt.Fprintf(&b, "[%s]\n", value.String(e.Key))
		for _, o := range section.Entries() {
			if o.Val == value.None {
				return nil, fmt.Errorf("to_ini failed to parse given dict: the option '%s' of the section '%s' has no value", value.String(o.Key), value.String(e.Key))
			}
			text := strings.ReplaceAll(value.String(o.Val), "\n", "\n\t")
			fmt.Fprintf(&b, "%s = %s\n", value.String(o.Key), text)
		}
		b.WriteByte('\n')
	}
	return value.Str(strings.TrimSuffix(b.String(), "\n")), nil
}

func iniLookup(a *args) (value.Value, error) {
	out := value.NewList()
	for _, term := range a.terms() {
		inline, key := value.NewDict(0), term
		if strings.Contains(term, "=") {
			pairs, free, err := parseKV(term)
			if err != nil {
				return nil, err
			}
			if err := a.knownOptions(pairs); err != nil {
				return nil, err
			}
			if free == "" {
				return nil, fmt.Errorf("No key to lookup was provided as first term with in string inline options: %s", term)
			}
			inline, key = pairs, free
		}
		list, err := a.iniValues(inline, key)
		if err != nil {
			return nil, err
		}
		out.Append(list...)
	}
	return out, nil
}

// iniOptions are the options that may stand in a term.
var iniOptions = []string{"type", "file", "section", "re", "encoding", "default", "case_sensitive", "allow_no_value", "allow_none", "interpolation"}

func (a *args) knownOptions(inline *value.Dict) error {
	for _, e := range inline.Entries() {
		name := value.String(e.Key)
		switch {
		case slices.Contains(iniOptions, name):
		case a.call.Ctx.Env().Lenient:
			return fmt.Errorf("%s is not a valid option.", name)
		default:
			return fmt.Errorf("'%s' is not a valid option.", name)
		}
	}
	return nil
}

// duplicateError is a section or an option that stands twice.
type duplicateError struct {
	kind, name string
	line       int
}

func (e *duplicateError) Error() string {
	return fmt.Sprintf("While reading from '<string>' [line %2d]: %s '%s' already exists", e.line, e.kind, e.name)
}

func unreadable(file string, err error) error {
	var twice *duplicateError
	if errors.As(err, &twice) && twice.kind == "option" {
		return fmt.Errorf("Duplicate option in '%s': %w", file, err)
	}
	return fmt.Errorf("the file '%s' can't be read: %w", file, err)
}

func (a *args) iniValues(inline *value.Dict, key string) ([]value.Value, error) {
	text := func(name, def string) string { return value.String(a.option(inline, name, value.Str(def))) }
	on := func(name string, def bool) bool { return toBool(a.option(inline, name, value.Bool(def))) }
	file, section := text("file", "ansible.ini"), text("section", "global")
	_, data, secret, err := a.read("files", file)
	if err != nil {
		return nil, err
	}
	content, err := decodeText(data, text("encoding", "utf-8"))
	if err != nil {
		return nil, err
	}
	switch kind := text("type", "ini"); kind {
	case "ini":
	case "properties":
		section = "java_properties"
		content = "[java_properties]\n" + content
	default:
		return nil, fmt.Errorf("the option 'type' must be ini or properties, not '%s'", kind)
	}
	p := iniParser{keepCase: on("case_sensitive", false), allowNoValue: on("allow_no_value", false) || on("allow_none", false)}
	parsed, err := p.parse(content)
	if err != nil {
		return nil, unreadable(file, err)
	}
	options, ok := parsed.options(section)
	if !ok {
		return nil, fmt.Errorf("No section '%s' in %s", section, file)
	}
	keys := []string{key}
	if on("re", false) {
		if keys, err = matchingKeys(options, key); err != nil {
			return nil, err
		}
	}
	return iniResults(options, keys, a.option(inline, "default", value.Str("")), !p.keepCase, on("interpolation", true), secret)
}

// matchingKeys gives the options whose names match a pattern at their start.
func matchingKeys(options *value.Dict, pattern string) ([]string, error) {
	re, err := pyre.Compile(pattern, 0)
	if err != nil {
		return nil, err
	}
	var keys []string
	for _, e := range options.Entries() {
		m, err := re.MatchPrefix(value.String(e.Key))
		if err != nil {
			return nil, err
		}
		if m != nil {
			keys = append(keys, value.String(e.Key))
		}
	}
	return keys, nil
}

func iniResults(options *value.Dict, keys []string, def value.Value, fold, interpolated, secret bool) ([]value.Value, error) {
	out := []value.Value{}
	for _, key := range keys {
		if fold {
			key = strings.ToLower(key)
		}
		v, ok := options.Lookup(key)
		if !ok {
			v = def
		} else if s, isStr := value.AsString(v); isStr {
			if interpolated {
				var err error
				if s, err = interpolate(options, s, 0); err != nil {
					return nil, err
				}
			}
			v = maybeSecret(s, secret)
		}
		if list, isList := v.(*value.List); isList {
			out = append(out, list.Elems...)
		} else if v != value.None {
			out = append(out, v)
		}
	}
	return out, nil
}

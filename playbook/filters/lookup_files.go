package filters

import (
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"drover/internal/homedir"
	"drover/playbook/jinja"
	"drover/playbook/value"
)

// fileLookups read files of the controller.
var fileLookups = []entry{
	{"file", "*terms lstrip? rstrip? **options", fileLookup, impure},
	{"community.general.binary_file", "*terms not_exist? **options", binaryFileLookup, impure},
	{"unvault", "*terms **options", unvaultLookup, impure},
	{"template", "*terms convert_data? template_vars? variable_start_string? variable_end_string? comment_start_string? " +
		"comment_end_string? trim_blocks? lstrip_blocks? jinja2_native? **options", templateLookup, impure},
	{"fileglob", "*terms **options", fileglobLookup, impure},
	{"first_found", "*terms files? paths? skip? **options", firstFoundLookup, impure},
	{"csvfile", "*terms col? keycol? default? delimiter? file? encoding? **options", csvfileLookup, impure},
	{"ini", "*terms type? file? section? re? encoding? default? case_sensitive? allow_no_value? allow_none? interpolation? **options", iniLookup, impure},
}

// read finds and reads a file; text that came out of a vault is secret.
func (a *args) read(kind, name string) (path string, data []byte, secret bool, err error) {
	if path, err = findFile(a.host(), kind, name); err != nil {
		return "", nil, false, err
	}
	data, secret, err = a.host().ReadFile(path)
	return path, data, secret, err
}

func maybeSecret(s string, secret bool) value.Value {
	if secret {
		return value.Secret(s)
	}
	return value.Str(s)
}

func fileLookup(a *args) (value.Value, error) {
	out := value.NewList()
	for _, name := range a.terms() {
		_, data, secret, err := a.read("files", name)
		if err != nil {
			return nil, err
		}
		if i := invalidUTF8(data); i >= 0 {
			return nil, fmt.Errorf("the file '%s' is not text: byte %d is not UTF-8; use the slurp module or the b64encode filter of a command's output", name, i)
		}
		s := string(data)
		if a.on("lstrip", false) {
			s = strings.TrimLeft(s, pythonSpace)
		}
		if a.on("rstrip", true) {
			s = strings.TrimRight(s, pythonSpace)
		}
		out.Append(maybeSecret(s, secret))
	}
	return out, a.err
}

// binaryFileLookup gives the bytes of files, as they lie there, in Base64.
func binaryFileLookup(a *args) (value.Value, error) {
	missing := a.strOr("not_exist", "error")
	stand, known := map[string]string{"error": "", "empty": "", "empty_str": "empty"}[missing]
	if !known {
		return nil, fmt.Errorf("argument 'not_exist' must be one of error, empty, empty_str, not '%s'", missing)
	}
	out := value.NewList()
	for _, name := range a.terms() {
		path, err := findFile(a.host(), "files", name)
		if err != nil && missing != "error" {
			out.Append(value.Str(stand))
			continue
		}
		if err != nil {
			return nil, err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		out.Append(value.Str(base64.StdEncoding.EncodeToString(data)))
	}
	return out, nil
}

func unvaultLookup(a *args) (value.Value, error) {
	out := value.NewList()
	for _, name := range a.terms() {
		_, data, secret, err := a.read("files", name)
		if err != nil {
			return nil, err
		}
		out.Append(maybeSecret(string(data), secret))
	}
	return out, a.err
}

// templateOptions are the options of the template module, as far as the lookup
// has them.
func (a *args) templateOptions() jinja.FileOptions {
	o := jinja.DefaultFileOptions()
	o.TrimBlocks, o.LstripBlocks = a.on("trim_blocks", true), a.on("lstrip_blocks", false)
	for name, into := range map[string]*string{
		"variable_start_string": &o.VariableStart, "variable_end_string": &o.VariableEnd,
		"comment_start_string": &o.CommentStart, "comment_end_string": &o.CommentEnd,
	} {
		*into = a.strOr(name, *into)
	}
	return o
}

func templateLookup(a *args) (value.Value, error) {
	o := a.templateOptions()
	out := value.NewList()
	for _, name := range a.terms() {
		path, data, _, err := a.read("templates", name)
		if err != nil {
			return nil, err
		}
		extra := templateVars(name, path)
		if a.has("template_vars") {
			extra.Update(a.mapping("template_vars"))
		}
		c := a.call.Ctx.With(&overlay{extra, a.call.Ctx.Vars()})
		v, err := a.renderFile(c, string(data), path, o)
		if err != nil {
			return nil, err
		}
		out.Append(v)
	}
	return out, a.err
}

// renderFile renders a template; convert_data: false asks 2.18 for text, which
// jinja2_native gives as well unless the lookup itself asks for the value.
func (a *args) renderFile(c *jinja.Context, text, path string, o jinja.FileOptions) (value.Value, error) {
	l, r := loaderOf(a.host()), c.Env().Retype
	if r == nil || a.on("convert_data", true) {
		v, err := c.RenderFileNative(text, path, o, l)
		if err == nil && r != nil && r.Native && !a.on("jinja2_native", false) {
			v = value.Str(value.String(v))
		}
		return v, err
	}
	s, err := c.RenderFile(text, path, o, l)
	return value.Str(s), err
}

func loaderOf(h Controller) jinja.Loader {
	if l, ok := h.(TemplateLoader); ok {
		return l.Loader()
	}
	return searchLoader{h}
}

// searchLoader finds included templates beside the file that is rendered, then where
// templates are found.
type searchLoader struct{ h Controller }

// Load implements jinja.Loader.
func (l searchLoader) Load(name, from string) (src, path string, err error) {
	path = filepath.Join(filepath.Dir(from), name)
	if _, statErr := os.Stat(path); from == "" || statErr != nil {
		if path, err = findFile(l.h, "templates", name); err != nil {
			return "", "", fmt.Errorf("%w%w", err, hidden{os.ErrNotExist})
		}
	}
	data, _, err := l.h.ReadFile(path)
	return string(data), path, err
}

// templateVars are the variables that only templates from files have.
func templateVars(name, path string) *value.Dict {
	vars := value.DictOf("template_path", path, "template_fullpath", absPath(path), "template_run_date", "", "template_host", "", "template_uid", "")
	if host, err := os.Hostname(); err == nil {
		vars.Put("template_host", value.Str(host))
	}
	if st, err := os.Stat(path); err == nil {
		vars.Put("template_mtime", localTime(st.ModTime()))
	}
	vars.Put("template_run_date", localTime(time.Now()))
	vars.Put("template_uid", value.Str(userName()))
	vars.Put("template_destpath", value.None)
	vars.Put("template_name", value.Str(name))
	return vars
}

// overlay is a scope with a few variables on top of another.
type overlay struct {
	top  *value.Dict
	vars jinja.Scope
}

// Lookup implements jinja.Scope.
func (o *overlay) Lookup(name string) (value.Value, bool) {
	if v, ok := o.top.Lookup(name); ok {
		return v, true
	}
	return o.vars.Lookup(name)
}

// Names implements jinja.Scope.
func (o *overlay) Names() []string {
	names := o.vars.Names()
	for _, e := range o.top.Entries() {
		names = append(names, value.String(e.Key))
	}
	return names
}

func fileglobLookup(a *args) (value.Value, error) {
	out := value.NewList()
	for _, pattern := range a.terms() {
		dir, base := splitPath(homedir.Expand(pattern))
		var dirs []string
		if dir != "" {
			if found, err := findFile(a.host(), "files", dir); err == nil {
				dirs = []string{found}
			}
		} else {
			dirs = a.host().SearchPath("files")
		}
		for _, d := range dirs {
			if files := globFiles(filepath.Join(d, base)); len(files) > 0 {
				out.Append(value.Strings(files...).Elems...)
				break
			}
		}
	}
	return out, a.err
}

// fileKind gives the kind of file that a task is about.
func fileKind(h Controller) string {
	if k, ok := h.(FileKinder); ok {
		return k.FileKind()
	}
	return "files"
}

// firstFound holds the candidates of one first_found lookup.
type firstFound struct {
	candidates []string
	skip       bool
}

func firstFoundLookup(a *args) (value.Value, error) {
	base := value.DictOf("files", a.val("files"), "paths", a.val("paths"), "skip", value.Bool(a.on("skip", false)))
	f := firstFound{skip: a.on("skip", false)}
	terms := a.rest
	if len(terms) == 0 && a.has("files") {
		terms = []value.Value{value.NewDict(0)}
	}
	if err := f.collect(terms, base); err != nil {
		return nil, err
	}
	for _, name := range f.candidates {
		if path, err := findFile(a.host(), fileKind(a.host()), name); err == nil {
			return value.Strings(absPath(path)), nil
		}
	}
	if f.skip {
		return value.NewList(), nil
	}
	return nil, errors.New("No file was found when using first_found. Looked for: " + strings.Join(f.candidates, ", "))
}

func (f *firstFound) collect(terms []value.Value, base *value.Dict) error {
	options := base
	for _, t := range terms {
		files := t
		switch t := t.(type) {
		case value.Mapping:
			d, _ := asDict(t)
			options = base.Clone().Update(d)
			files = options.At("files")
			f.skip = toBool(options.At("skip"))
		case value.Sequence:
			elems, _ := asSequence(t)
			if err := f.collect(elems, base); err != nil {
				return err
			}
			continue
		default:
			if _, ok := value.AsString(t); !ok {
				return fmt.Errorf("Invalid term supplied. A string, dict or list is required, not '%s'.", t.Type())
			}
		}
		names, paths := splitList(files, ",;"), splitList(options.At("paths"), ",:;")
		if len(paths) == 0 {
			f.candidates = append(f.candidates, names...)
		}
		for _, p := range paths {
			for _, n := range names {
				f.candidates = append(f.candidates, filepath.Join(p, n))
			}
		}
	}
	return nil
}

// splitList splits a text, or the texts of a list, at any of the separators.
func splitList(v value.Value, separators string) []string {
	if s, ok := value.AsString(v); ok {
		return strings.FieldsFunc(s, func(r rune) bool { return strings.ContainsRune(separators, r) })
	}
	var out []string
	elems, _ := asSequence(v)
	for _, e := range elems {
		out = append(out, splitList(e, separators)...)
	}
	return out
}

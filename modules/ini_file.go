package modules

import (
	"context"
	"slices"
	"strings"

	"drover/modules/target"
)

type iniFileArgs struct {
	Path           string   `arg:"path" alias:"dest" type:"path" required:"true" doc:"The file."`
	Section        string   `arg:"section" doc:"The section; without it, what stands before the first one."`
	Option         string   `arg:"option" doc:"The option. Without it the section itself is made or removed."`
	Value          *string  `arg:"value" doc:"The option's value."`
	Values         []string `arg:"values" doc:"The option's values, for one that is written several times."`
	State          string   `arg:"state" default:"present" choices:"absent,present" doc:"Whether the option, or the section, shall be there."`
	Exclusive      bool     `arg:"exclusive" default:"true" doc:"Other values of the option go."`
	Backup         bool     `arg:"backup" default:"false" doc:"Keep the former file under a name with the time."`
	NoExtraSpaces  bool     `arg:"no_extra_spaces" default:"false" doc:"Write option=value instead of option = value."`
	IgnoreSpaces   bool     `arg:"ignore_spaces" default:"false" doc:"A line that differs in spaces around the sign alone stays."`
	AllowNoValue   bool     `arg:"allow_no_value" default:"false" doc:"The option may stand without a value."`
	Create         bool     `arg:"create" default:"true" doc:"Make the file when it is missing."`
	ModifyInactive bool     `arg:"modify_inactive_option" default:"true" doc:"Put the option in the place of a line that is commented out."`
	FileArgs
}

// iniFileModule sets an option of an INI file.
func iniFileModule() Module {
	return Define(Spec{
		Name:    "community.general.ini_file",
		Summary: "Manage options in INI files",
		Doc:     "Makes an option of a section have a value, or be gone, and leaves all other lines as they are. A missing section is added at the end.",
		Check:   CheckFull, Diff: true,
		Examples:          "- community.general.ini_file:\n    path: /etc/php/8.2/fpm/php.ini\n    section: PHP\n    option: memory_limit\n    value: 256M\n",
		MutuallyExclusive: [][]string{{"value", "values"}},
		Returns: []Return{
			{"msg", "str", "always", "What was done."},
			{"path", "str", "always", "The file."},
			{"backup_file", "str", "changed, with backup", "Where the former file is kept."},
		},
	}, runIniFile)
}

func runIniFile(ctx context.Context, h target.Host, c *Call, a *iniFileArgs) (*Result, error) {
	if a.State == "present" && a.Option != "" && a.Value == nil && len(a.Values) == 0 && !a.AllowNoValue {
		return nil, Failf("Parameter 'value(s)' must be defined if state=present and allow_no_value=False.")
	}
	f, err := openText(h, "Destination", a.Path, a.Create)
	if err != nil {
		return nil, err
	}
	ed := newIniEdit(a, f.text)
	if a.State == "present" {
		ed.put()
	} else {
		ed.remove()
	}
	r, err := f.finish(ctx, h, c, &editArgs{Backup: a.Backup, FileArgs: a.FileArgs}, ed.text(), ed.done)
	if err != nil {
		return nil, err
	}
	if !r.Changed {
		r.Set("msg", "OK")
	}
	return r.Set("path", a.Path), nil
}

// iniEdit is a file being edited: the lines before the section, the section
// with its heading, and those behind it.
type iniEdit struct {
	a                     *iniFileArgs
	before, lines, behind []string
	found                 bool // the section is there
	done                  string
	want                  []string // values that no line has yet
}

func newIniEdit(a *iniFileArgs, text string) *iniEdit {
	ed := &iniEdit{a: a, found: a.Section == ""}
	for _, v := range a.Values {
		if !slices.Contains(ed.want, v) {
			ed.want = append(ed.want, v)
		}
	}
	if a.Value != nil {
		ed.want = []string{*a.Value}
	}
	if text == "" {
		text = "\n" // a new file starts with an empty line
	}
	within := ed.found
	for _, l := range keepEnds(text) {
		l = endLine(l)
		heading := strings.HasPrefix(l, "[")
		switch {
		case heading && !ed.found && strings.HasPrefix(l, "["+a.Section+"]"):
			ed.found, within = true, true
		case heading:
			within = false
		}
		switch {
		case within && len(ed.behind) == 0:
			ed.lines = append(ed.lines, l)
		case ed.found:
			ed.behind = append(ed.behind, l)
		default:
			ed.before = append(ed.before, l)
		}
	}
	return ed
}

func (ed *iniEdit) text() string {
	return strings.Join(slices.Concat(ed.before, ed.lines, ed.behind), "")
}

// option reads a line as the wanted option.
func (ed *iniEdit) option(line string, inactiveToo bool) (val string, ok bool) {
	line = strings.Trim(trimEnd(line), " \t")
	if inactiveToo {
		line = strings.TrimLeft(strings.TrimLeft(line, "#;"), " \t")
	}
	rest, ok := strings.CutPrefix(line, ed.a.Option)
	if !ok || ed.a.Option == "" {
		return "", false
	}
	if rest = strings.TrimLeft(rest, " \t"); rest == "" {
		return "", true
	}
	val, ok = strings.CutPrefix(rest, "=")
	return strings.TrimLeft(val, " \t"), ok
}

func (ed *iniEdit) format(val string) string {
	switch {
	case ed.a.AllowNoValue && val == "":
		return ed.a.Option + "\n"
	case ed.a.NoExtraSpaces:
		return ed.a.Option + "=" + val + "\n"
	}
	return ed.a.Option + " = " + val + "\n"
}

// put makes the option have its values: lines that have one are kept, other
// lines of it are reused, and what is left over is added or removed.
func (ed *iniEdit) put() {
	if ed.a.Option != "" && len(ed.want) == 0 {
		ed.want = []string{""}
	}
	if !ed.found {
		ed.addSection()
		return
	}
	var free []int
	for i, l := range ed.lines {
		val, ok := ed.option(l, ed.a.ModifyInactive)
		if !ok {
			continue
		}
		if k := slices.Index(ed.want, val); k >= 0 {
			ed.set(i, val)
			ed.want = slices.Delete(ed.want, k, k+1)
		} else {
			free = append(free, i)
		}
	}
	if ed.a.Exclusive && ed.a.Option != "" {
		ed.reuse(free)
	}
	ed.insert()
}

func (ed *iniEdit) set(i int, val string) {
	line := ed.format(val)
	if squeeze := strings.NewReplacer(" ", "", "\t", ""); ed.a.IgnoreSpaces && squeeze.Replace(line) == squeeze.Replace(ed.lines[i]) {
		return
	}
	if ed.lines[i] != line {
		ed.lines[i], ed.done = line, "option changed"
	}
}

// reuse puts values that are missing into lines of the option, and removes
// the lines that are left.
func (ed *iniEdit) reuse(free []int) {
	n := min(len(free), len(ed.want))
	for k, i := range free[:n] {
		ed.set(i, ed.want[k])
	}
	ed.want = ed.want[n:]
	for _, i := range slices.Backward(free[n:]) {
		ed.lines, ed.done = slices.Delete(ed.lines, i, i+1), "option changed"
	}
}

// insert adds missing values behind the section's last line that says
// something.
func (ed *iniEdit) insert() {
	if len(ed.want) == 0 {
		return
	}
	at := len(ed.lines)
	for at > 0 && quietLine(ed.lines[at-1]) {
		at--
	}
	var added []string
	for _, v := range ed.want {
		added = append(added, ed.format(v))
	}
	ed.lines, ed.done = slices.Insert(ed.lines, at, added...), "option added"
}

// quietLine: it is blank or a comment.
func quietLine(l string) bool {
	l = strings.Trim(trimEnd(l), " \t")
	return l == "" || l[0] == '#' || l[0] == ';'
}

func (ed *iniEdit) addSection() {
	ed.behind = append(ed.behind, "["+ed.a.Section+"]\n")
	ed.done = "only section added"
	for _, v := range ed.want {
		ed.behind = append(ed.behind, ed.format(v))
		ed.done = "section and option added"
	}
}

// remove takes away the option's active lines, or the section.
func (ed *iniEdit) remove() {
	n := len(ed.lines)
	if ed.a.Option == "" {
		if ed.lines = nil; n > 0 {
			ed.done = "section removed"
		}
		return
	}
	ed.lines = slices.DeleteFunc(ed.lines, func(l string) bool {
		val, ok := ed.option(l, false)
		return ok && (ed.a.Exclusive || slices.Contains(ed.want, val))
	})
	if len(ed.lines) < n {
		ed.done = "option changed"
	}
}

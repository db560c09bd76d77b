package modules

import (
	"context"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"drover/internal/lazyre"
	"drover/modules/target"
)

type pamdArgs struct {
	Name       string    `arg:"name" required:"true" doc:"The service: the name of its file."`
	Type       string    `arg:"type" required:"true" choices:"-account,-auth,-password,-session,account,auth,password,session" doc:"Type of the rule."`
	Control    string    `arg:"control" required:"true" doc:"Control of the rule, which may stand in [brackets]."`
	Module     string    `arg:"module_path" required:"true" doc:"Module of the rule. Type, control and module together say which rule."`
	NewType    string    `arg:"new_type" choices:"-account,-auth,-password,-session,account,auth,password,session" doc:"Type of the new or changed rule."`
	NewControl string    `arg:"new_control" doc:"Control of the new or changed rule."`
	NewModule  string    `arg:"new_module_path" doc:"Module of the new or changed rule."`
	Arguments  *[]string `arg:"module_arguments" doc:"Arguments of the module: all of them with state updated, those to add or take away with args_present and args_absent."`
	State      string    `arg:"state" default:"updated" choices:"absent,after,args_absent,args_present,before,updated" doc:"updated changes the rule, before and after put a new one beside it, absent takes it away."`
	Path       string    `arg:"path" type:"path" default:"/etc/pam.d" doc:"Folder of the services."`
	Backup     bool      `arg:"backup" default:"false" doc:"Keep the former file under a name with the time."`
}

// pamdModule changes rules of PAM services.
func pamdModule() Module {
	news := []string{"new_control", "new_type", "new_module_path"}
	return Define(Spec{
		Name:    "community.general.pamd",
		Summary: "Change rules of PAM",
		Doc: "Changes, adds or takes away a rule of a service of PAM. A rule that is not there is no change. A file that changes is written in one form and tells in its second line when.\n" +
			"Comments beside a new rule stay; Ansible loses them.",
		Check:    CheckFull,
		Examples: "- name: Remember passwords\n  community.general.pamd:\n    name: common-password\n    type: password\n    control: requisite\n    module_path: pam_pwquality.so\n    module_arguments: [retry=3, minlen=12]\n    state: args_present\n",
		Returns: []Return{
			{"change_count", "int", "always", "How many rules were changed, added or taken away."},
			{"backupdest", "str", "always", "Where the former file is kept, empty for nowhere."},
		},
		RequiredIf: []RequiredIf{
			{Arg: "state", Value: "args_present", Needs: []string{"module_arguments"}},
			{Arg: "state", Value: "args_absent", Needs: []string{"module_arguments"}},
			{Arg: "state", Value: "before", Needs: news},
			{Arg: "state", Value: "after", Needs: news},
		},
	}, runPamd)
}

func runPamd(_ context.Context, h target.Host, c *Call, a *pamdArgs) (*Result, error) {
	file := filepath.Join(a.Path, a.Name)
	data, err := h.ReadFile(file)
	if err != nil {
		return nil, Failf("Unable to open/read PAM module file %s with error %w.", file, reason(err))
	}
	s := parsePAM(string(data))
	changes, err := a.apply(s)
	if err != nil {
		return nil, err
	}
	if err := s.validate(); err != nil {
		return nil, err
	}
	res := (&Result{Changed: changes > 0}).Set("change_count", changes).Set("backupdest", "")
	if !res.Changed || c.Check {
		return res, nil
	}
	if a.Backup {
		kept, err := backupFile(h, file)
		if err != nil {
			return nil, err
		}
		res.Set("backupdest", kept)
	}
	mark := "# Updated by Ansible - " + h.Now().Format("2006-01-02T15:04:05.000000")
	if err := replaceContent(h, file, []byte(s.text(mark))); err != nil {
		return nil, Failf("can't write %s: %w", file, reason(err))
	}
	return res, nil
}

// pamRule is a rule of a service.
type pamRule struct {
	kind, control, module string
	args                  []string
}

// pamLine is a line of a service: a rule, or other text.
type pamLine struct {
	rule *pamRule
	text string
}

// pamService is a file of rules.
type pamService struct{ lines []pamLine }

var (
	pamRuleForm = lazyre.New(`(-?(?:auth|account|session|password))\s+(\[.*\]|\S*)\s+(\S*)\s*(.*)\s*`)
	pamArgument = lazyre.New(`\[.*\]|\S+`)
)

func parsePAM(text string) *pamService {
	s := new(pamService)
	for _, line := range splitLines(text) {
		m := pamRuleForm.FindStringSubmatch(line)
		start := strings.TrimLeft(line, " \t")
		if m == nil || strings.HasPrefix(start, "#") || strings.HasPrefix(start, "@include") {
			s.lines = append(s.lines, pamLine{text: line})
			continue
		}
		s.lines = append(s.lines, pamLine{rule: &pamRule{m[1], plainControl(m[2]), m[3], pamArgument.FindAllString(m[4], -1)}})
	}
	return s
}

// plainControl writes a control in the form in which controls are compared.
func plainControl(s string) string {
	if !strings.HasPrefix(s, "[") {
		return s
	}
	return "[" + strings.Trim(strings.ReplaceAll(s, " = ", "="), "[]") + "]"
}

func (r *pamRule) String() string {
	s := r.kind + strings.Repeat(" ", max(0, 11-len(r.kind))) + r.control + " " + r.module
	if len(r.args) > 0 {
		s += " " + strings.Join(r.args, " ")
	}
	return s
}

func (l pamLine) is(kind, control, module string) bool {
	return l.rule != nil && l.rule.kind == kind && l.rule.control == control && l.rule.module == module
}

// passed reports whether a line counts for nothing: a comment, or empty.
func (l pamLine) passed() bool {
	text := strings.TrimSpace(l.text)
	return l.rule == nil && (text == "" || text[0] == '#')
}

// text writes the service, with the mark in its second line.
func (s *pamService) text(mark string) string {
	var lines []string
	for _, l := range s.lines {
		if l.rule != nil {
			l.text = l.rule.String()
		}
		lines = append(lines, l.text)
	}
	switch {
	case len(lines) <= 1:
		lines = append([]string{"", mark}, lines...)
	case strings.HasPrefix(lines[1], "# Updated by Ansible"):
		lines[1] = mark
	default:
		lines = slices.Insert(lines, 1, mark)
	}
	return strings.Join(lines, "\n") + "\n"
}

// validate refuses a service with a rule that PAM would not understand.
func (s *pamService) validate() error {
	for _, l := range s.lines {
		switch {
		case l.rule == nil && !l.passed() && !strings.HasPrefix(l.text, "@include"):
			return Failf("Rule is not valid %s", l.text)
		case l.rule == nil:
			continue
		}
		control, bracketed := strings.CutPrefix(l.rule.control, "[")
		if !bracketed {
			if !slices.Contains([]string{"required", "requisite", "sufficient", "optional", "include", "substack", "definitive"}, control) {
				return Failf("Rule control, %s, is not valid in rule %s", control, l.rule)
			}
			continue
		}
		for _, part := range strings.Fields(strings.TrimSuffix(control, "]")) {
			if word, action, ok := strings.Cut(part, "="); !ok || word == "" || !isPAMAction(action) {
				return Failf("Rule control value, %s, is not valid in rule %s", part, l.rule)
			}
		}
	}
	return nil
}

func isPAMAction(s string) bool {
	_, err := strconv.ParseUint(s, 10, 32)
	return err == nil || slices.Contains([]string{"ignore", "bad", "die", "ok", "done", "reset"}, s)
}

// apply changes the rules that match and gives their number.
func (a *pamdArgs) apply(s *pamService) (changes int, err error) {
	wanted := a.arguments()
	if a.State == "args_present" && slices.ContainsFunc(wanted, func(w string) bool { return w[0] == '[' }) {
		return 0, Failf("Unable to process bracketed '[' complex arguments with 'args_present'. Please use 'updated'.")
	}
	for i := 0; i < len(s.lines); i++ {
		if !s.lines[i].is(a.Type, plainControl(a.Control), a.Module) {
			continue
		}
		changed := false
		switch rule := s.lines[i].rule; a.State {
		case "absent":
			s.lines, changed = slices.Delete(s.lines, i, i+1), true
			i--
		case "before":
			if changed = !s.beside(i, -1, a); changed {
				s.lines = slices.Insert(s.lines, i, a.newRule(wanted))
				i++
			}
		case "after":
			if changed = !s.beside(i, 1, a); changed {
				s.lines = slices.Insert(s.lines, i+1, a.newRule(wanted))
				i++
			}
		case "args_absent":
			n := len(rule.args)
			rule.args = without(rule.args, wanted)
			changed = len(rule.args) != n
		case "args_present":
			changed = rule.add(wanted)
		default:
			changed = a.update(rule, wanted)
		}
		if changed {
			changes++
		}
	}
	return changes, nil
}

// arguments splits the arguments that were given at their spaces.
func (a *pamdArgs) arguments() []string {
	var all []string
	if a.Arguments != nil {
		for _, text := range *a.Arguments {
			all = append(all, pamArgument.FindAllString(text, -1)...)
		}
	}
	return all
}

func (a *pamdArgs) newRule(args []string) pamLine {
	return pamLine{rule: &pamRule{a.NewType, plainControl(a.NewControl), a.NewModule, args}}
}

// beside reports whether the next rule before (-1) or after (1) a line is the new
// one already.
func (s *pamService) beside(i, step int, a *pamdArgs) bool {
	for i += step; i >= 0 && i < len(s.lines); i += step {
		if !s.lines[i].passed() {
			return s.lines[i].is(a.NewType, plainControl(a.NewControl), a.NewModule)
		}
	}
	return false
}

func (a *pamdArgs) update(rule *pamRule, args []string) bool {
	before := rule.String()
	rule.kind = orText(a.NewType, rule.kind)
	rule.control = orText(plainControl(a.NewControl), rule.control)
	rule.module = orText(a.NewModule, rule.module)
	if a.Arguments != nil {
		rule.args = args
	}
	return rule.String() != before
}

// add makes arguments be there; one with a value replaces the one of its name.
func (r *pamRule) add(args []string) (changed bool) {
	for _, arg := range args {
		name, _, hasValue := strings.Cut(arg, "=")
		at := slices.IndexFunc(r.args, func(have string) bool {
			return have == arg || hasValue && strings.HasPrefix(have, name+"=")
		})
		switch {
		case at < 0:
			r.args, changed = append(r.args, arg), true
		case r.args[at] != arg:
			r.args[at], changed = arg, true
		}
	}
	return changed
}

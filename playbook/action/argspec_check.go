package action

import (
	"slices"
	"strings"

	"drover/modules"
	"drover/playbook/source"
	"drover/playbook/value"
)

// checkArguments gives what is wrong with values, worded and in the order as
// Ansible does: level by level, and what nobody knows at the end.
func checkArguments(spec, values *value.Dict) ([]string, error) {
	c := &argumentCheck{}
	if err := c.level(spec, value.NewDict(0), values, nil); err != nil {
		return nil, err
	}
	return append(c.problems, c.unknown...), nil
}

// argumentCheck collects what is wrong with arguments.
type argumentCheck struct{ problems, unknown []string }

// level checks the arguments of one dict and those below them. attrs has the
// rules on their combinations, path the arguments that lead here.
func (c *argumentCheck) level(spec, attrs, values *value.Dict, path []string) error {
	args, err := readArgs(spec, strings.Join(path, "."))
	if err != nil {
		return err
	}
	rules, err := readRules(attrs, strings.Join(path, "."))
	if err != nil {
		return err
	}
	c.combinations(&modules.Spec{MutuallyExclusive: rules.MutuallyExclusive}, args, values, path)
	c.required(args, values, path)
	c.each(args, values, path)
	rules.MutuallyExclusive = nil
	c.combinations(rules, args, values, path)
	for _, e := range spec.Entries() {
		if err := c.below(e, values, path); err != nil {
			return err
		}
	}
	c.strangers(args, values, path)
	return nil
}

// below checks the dicts in the value of an argument that has options.
func (c *argumentCheck) below(e value.Entry, values *value.Dict, path []string) error {
	attrs, _ := e.Val.(*value.Dict)
	if attrs == nil {
		return nil
	}
	options, ok := attrs.At("options").(*value.Dict)
	if !ok {
		return nil
	}
	v, _, _ := values.Get(e.Key)
	for _, d := range dictsIn(v) {
		if err := c.level(options, attrs, d, append(slices.Clip(path), value.String(e.Key))); err != nil {
			return err
		}
	}
	return nil
}

// add notes problems, with the arguments that lead to where they are.
func (c *argumentCheck) add(path []string, texts ...string) {
	for _, text := range texts {
		if len(path) > 0 {
			text += " found in " + strings.Join(path, " -> ")
		}
		c.problems = append(c.problems, text)
	}
}

// required notes the arguments that are not given and must be.
func (c *argumentCheck) required(args []modules.Arg, values *value.Dict, path []string) {
	var missing []string
	for _, a := range args {
		if a.Required && !hasArg(values, a) {
			missing = append(missing, a.Name)
		}
	}
	if len(missing) > 0 {
		slices.Sort(missing)
		c.add(path, "missing required arguments: "+strings.Join(missing, ", "))
	}
}

// hasArg reports whether an argument is given, under any of its names.
func hasArg(values *value.Dict, a modules.Arg) bool {
	return slices.ContainsFunc(append([]string{a.Name}, a.Aliases...), func(name string) bool {
		_, ok := values.Lookup(name)
		return ok
	})
}

// each checks the types of all arguments and then their choices.
func (c *argumentCheck) each(args []modules.Arg, values *value.Dict, path []string) {
	broken := map[string]bool{}
	for _, a := range args {
		a.Required = a.Required && hasArg(values, a)
		a.Choices, a.Options = nil, nil
		for _, text := range argErrors(a, values) {
			broken[a.Name] = true
			if len(path) > 0 {
				text = strings.Replace(text, " and we were unable", " found in '"+strings.Join(path, " -> ")+"'. and we were unable", 1)
			}
			c.problems = append(c.problems, text)
		}
	}
	for _, a := range args {
		a.Required, a.Options = false, nil
		if !broken[a.Name] {
			c.add(path, argErrors(a, values)...)
		}
	}
}

// argErrors gives what is wrong with one argument, if it is given.
func argErrors(a modules.Arg, values *value.Dict) []string {
	return errorTexts(&modules.Spec{AnyArgs: true, Args: []modules.Arg{a}}, values)
}

func errorTexts(spec *modules.Spec, values *value.Dict) []string {
	var texts []string
	for _, err := range modules.Check(spec, values) {
		texts = append(texts, err.Error())
	}
	return texts
}

// combinations checks rules on which arguments go together, and only these.
func (c *argumentCheck) combinations(rules *modules.Spec, args []modules.Arg, values *value.Dict, path []string) {
	plain := slices.Clone(args)
	for i := range plain {
		plain[i].Required, plain[i].Choices, plain[i].Options = false, nil, nil
	}
	known := errorTexts(&modules.Spec{AnyArgs: true, Args: plain}, values)
	rules.AnyArgs, rules.Args = true, plain
	for _, text := range errorTexts(rules, values) {
		if !slices.Contains(known, text) {
			c.add(path, text)
		}
	}
}

// strangers notes arguments that the specification does not have.
func (c *argumentCheck) strangers(args []modules.Arg, values *value.Dict, path []string) {
	var known, aliases, strange []string
	meant := ""
	for _, a := range args {
		known, aliases = append(known, a.Name), append(aliases, a.Aliases...)
	}
	for _, k := range values.Keys() {
		if name := value.String(k); !slices.Contains(known, name) && !slices.Contains(aliases, name) {
			strange = append(strange, strings.Join(append(slices.Clip(path), name), "."))
			meant = source.DidYouMean(name, slices.Concat(known, aliases))
		}
	}
	switch len(strange) {
	case 0:
		return
	case 1:
		strange[0] += meant
	}
	slices.Sort(known)
	supported := strings.Join(known, ", ")
	if len(aliases) > 0 {
		slices.Sort(aliases)
		supported += " (" + strings.Join(aliases, ", ") + ")"
	}
	c.unknown = append(c.unknown, strings.Join(strange, ", ")+". Supported parameters include: "+supported+".")
}

// dictsIn gives a dict itself, or the dicts in a list.
func dictsIn(v value.Value) []*value.Dict {
	switch v := v.(type) {
	case *value.Dict:
		return []*value.Dict{v}
	case *value.List:
		var all []*value.Dict
		for _, e := range v.Elems {
			if d, ok := e.(*value.Dict); ok {
				all = append(all, d)
			}
		}
		return all
	}
	return nil
}

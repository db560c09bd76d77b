package action

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"drover/internal/lazyre"
	"drover/modules"
	"drover/playbook/value"
)

type validateArgs struct {
	Spec     value.Value `arg:"argument_spec" type:"raw" required:"true" doc:"The arguments that are allowed: a dict of names to type, required, choices, default, elements and options."`
	Provided value.Value `arg:"provided_arguments" type:"raw" doc:"Values that count before variables of the same name."`
	Context  value.Value `arg:"validate_args_context" type:"raw" doc:"Where the specification is from; it is given back."`
}

func validateSpec() *modules.Spec {
	return modules.SpecOf[validateArgs](modules.Spec{
		Name:     "ansible.builtin.validate_argument_spec",
		Summary:  "Check variables against a specification",
		Doc:      "Checks that variables have the types and values that a specification asks for, as roles do with meta/argument_specs.yml.",
		Check:    modules.CheckFull,
		Examples: "- ansible.builtin.validate_argument_spec:\n    argument_spec:\n      port:\n        type: int\n        required: true\n    provided_arguments:\n      port: \"{{ my_port }}\"\n",
		Returns: []modules.Return{
			{Name: "argument_errors", Type: "list", When: "failure", Doc: "What is wrong."},
			{Name: "argument_spec_data", Type: "dict", When: "failure", Doc: "The specification."},
			{Name: "validate_args_context", Type: "dict", When: "always", Doc: "The argument validate_args_context."},
		},
	})
}

func validateArgumentSpec(_ context.Context, t Task) (*value.Dict, error) {
	a, err := decode[validateArgs](t, validateSpec())
	if err != nil {
		return nil, err
	}
	spec, ok := a.Spec.(*value.Dict)
	if !ok {
		return nil, modules.Failf("Incorrect type for argument_spec, expected dict and got %s", a.Spec.Type())
	}
	provided := value.NewDict(0)
	if a.Provided != nil {
		if provided, ok = a.Provided.(*value.Dict); !ok {
			return nil, modules.Failf("Incorrect type for provided_arguments, expected dict and got %s", a.Provided.Type())
		}
	}
	values, err := variablesOf(t, spec)
	if err != nil {
		return nil, err
	}
	result := value.DictOf("changed", false, "validate_args_context", orEmpty(a.Context))
	problems, err := checkArguments(spec, values.Update(provided))
	if err != nil {
		return nil, err
	}
	if t.Jinja().Env().Lenient {
		for i, text := range problems {
			problems[i] = typeName.ReplaceAllString(text, "$1<class '$2'>$3")
		}
	}
	if len(problems) == 0 {
		result.Put("msg", value.Str("The arg spec validation passed"))
		return result, nil
	}
	return result.Update(value.DictOf("failed", true,
		"msg", "Validation of arguments failed:\n"+strings.Join(problems, "\n"),
		"argument_spec_data", spec, "argument_errors", value.Strings(problems...))), nil
}

// typeName finds the names of types in messages, which Ansible before 2.19 gave
// in Python's way.
var typeName = lazyre.New(`(is of type |: )(\w+)( and we were| found in '| cannot be converted)`)

func orEmpty(v value.Value) value.Value {
	if v == nil {
		return value.NewDict(0)
	}
	return v
}

// variablesOf evaluates the variables that a specification names.
func variablesOf(t Task, spec *value.Dict) (*value.Dict, error) {
	values := value.NewDict(spec.Len())
	for _, k := range spec.Keys() {
		name := value.String(k)
		v, ok := t.Jinja().Vars().Lookup(name)
		if !ok {
			continue
		}
		v, err := t.Jinja().Evaluate(v)
		if err != nil {
			return nil, err
		}
		if v != value.Omit {
			values.Put(name, v)
		}
	}
	return values, nil
}

// argTypes are the types an argument may have.
var argTypes = []string{"str", "int", "bool", "float", "list", "dict", "path", "raw", "bytes", "bits", "json", "jsonarg"}

// readArgs reads a specification of arguments.
func readArgs(spec *value.Dict, where string) ([]modules.Arg, error) {
	var args []modules.Arg
	for _, e := range spec.Entries() {
		name := value.String(e.Key)
		attrs, ok := e.Val.(*value.Dict)
		if !ok && e.Val != value.None {
			return nil, modules.Failf("the specification of argument '%s' must be a dict, got %s", joined(where, name), e.Val.Type())
		}
		a, err := readArg(name, attrs, where)
		if err != nil {
			return nil, err
		}
		args = append(args, a)
	}
	return args, nil
}

func joined(where, name string) string {
	if where == "" {
		return name
	}
	return where + "." + name
}

func readArg(name string, attrs *value.Dict, where string) (modules.Arg, error) {
	a := modules.Arg{Name: name, Type: textOr(attrs, "type", "str"), Elements: textOr(attrs, "elements", "raw")}
	for _, typ := range []string{a.Type, a.Elements} {
		if !slices.Contains(argTypes, typ) {
			return a, modules.Failf("the specification of argument '%s' has the unknown type '%s'", joined(where, name), typ)
		}
	}
	a.Aliases = textsOf(attrs.At("aliases"))
	a.Choices = textsOf(attrs.At("choices"))
	a.NoLog = value.Truth(attrs.At("no_log"))
	if v := attrs.At("default"); v != value.None {
		a.Default = v
	}
	a.Required = value.Truth(attrs.At("required")) && a.Default == nil
	if options, ok := attrs.At("options").(*value.Dict); ok {
		sub, err := readArgs(options, joined(where, name))
		if err != nil {
			return a, err
		}
		a.Options = sub
	}
	return a, nil
}

func textOr(d *value.Dict, key, otherwise string) string {
	if v := d.At(key); v != value.None {
		return value.String(v)
	}
	return otherwise
}

// textsOf gives the elements of a list, or of a string with commas.
func textsOf(v value.Value) []string {
	var texts []string
	switch v := v.(type) {
	case value.Sequence:
		for i := range v.Len() {
			texts = append(texts, value.String(v.Index(i)))
		}
	case value.Str:
		texts = strings.Split(string(v), ",")
	}
	return texts
}

// readRules reads mutually_exclusive and its like.
func readRules(attrs *value.Dict, where string) (*modules.Spec, error) {
	s := &modules.Spec{
		MutuallyExclusive: setsOf(attrs.At("mutually_exclusive")),
		RequiredTogether:  setsOf(attrs.At("required_together")),
		RequiredOneOf:     setsOf(attrs.At("required_one_of")),
	}
	if by, ok := attrs.At("required_by").(*value.Dict); ok {
		s.RequiredBy = map[string][]string{}
		for _, e := range by.Entries() {
			s.RequiredBy[value.String(e.Key)] = textsOf(e.Val)
		}
	}
	conditions, _ := attrs.At("required_if").(*value.List)
	if conditions == nil {
		return s, nil
	}
	for _, c := range conditions.Elems {
		rule, err := readRequiredIf(c)
		if err != nil {
			return nil, modules.Failf("the specification of argument '%s': %w", where, err)
		}
		s.RequiredIf = append(s.RequiredIf, rule)
	}
	return s, nil
}

func readRequiredIf(v value.Value) (modules.RequiredIf, error) {
	seq, ok := v.(value.Sequence)
	if !ok || seq.Len() < 3 {
		return modules.RequiredIf{}, fmt.Errorf("an entry of required_if must be a list of an argument, its value and the arguments it needs, got %s", value.Repr(v))
	}
	rule := modules.RequiredIf{Arg: value.String(seq.Index(0)), Value: seq.Index(1), Needs: textsOf(seq.Index(2))}
	rule.AnyOf = seq.Len() > 3 && value.Truth(seq.Index(3))
	return rule, nil
}

// setsOf reads a list of lists of names, or one list of names.
func setsOf(v value.Value) [][]string {
	list, ok := v.(*value.List)
	if !ok || list.Len() == 0 {
		return nil
	}
	if _, nested := list.Elems[0].(value.Sequence); !nested {
		return [][]string{textsOf(list)}
	}
	var sets [][]string
	for _, e := range list.Elems {
		sets = append(sets, textsOf(e))
	}
	return sets
}

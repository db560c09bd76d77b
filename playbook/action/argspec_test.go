package action

import (
	"slices"
	"testing"

	"drover/playbook/value"
)

// option makes the specification of one argument.
func option(kv ...any) *value.Dict { return value.DictOf(kv...) }

func TestValidateArgumentSpec(t *testing.T) {
	user := option("type", "list", "elements", "dict", "options", value.DictOf(
		"name", option("required", true), "uid", option("type", "int"), "home", option("type", "path"), "shell", option()),
		"mutually_exclusive", value.NewList(value.Strings("home", "shell")))
	spec := value.DictOf(
		"port", option("type", "int", "required", true),
		"state", option("choices", value.Strings("up", "down"), "default", "up"),
		"tags", option("type", "list", "elements", "int"),
		"users", user,
	)
	tests := []struct {
		name     string
		vars     *value.Dict
		provided *value.Dict
		want     []string
	}{
		{"fine", value.DictOf("port", "80", "users", value.NewList(value.DictOf("name", "a", "uid", 5))), nil, nil},
		{"provided wins", value.DictOf("port", "x"), value.DictOf("port", 80), nil},
		{"templates", value.DictOf("port", tpl("{{ n }}"), "n", 5), nil, nil},
		{"missing", nil, nil, []string{"missing required arguments: port"}},
		{"type", value.DictOf("port", "x"), nil, []string{"argument 'port' is of type str and we were unable to convert to int: \"'x'\" cannot be converted to an int"}},
		{"choice", value.DictOf("port", 1, "state", "left"), nil, []string{"value of state must be one of: up, down, got: left"}},
		{"unknown", value.DictOf("port", 1), value.DictOf("prot", 2), []string{"prot (did you mean 'port'?). Supported parameters include: port, state, tags, users."}},
		{"missing below", value.DictOf("port", 1, "users", value.NewList(value.DictOf("uid", 1))), nil, []string{"missing required arguments: name found in users"}},
		{"rules below", value.DictOf("port", 1, "users", value.NewList(value.DictOf("name", "n", "home", "/h", "shell", "sh"))), nil,
			[]string{"parameters are mutually exclusive: home|shell found in users"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			args := []any{"argument_spec", spec}
			if tt.provided != nil {
				args = append(args, "provided_arguments", tt.provided)
			}
			got := expect(t, validateArgumentSpec, newTask(t, tt.vars, args...), value.DictOf("changed", false, "validate_args_context", value.NewDict(0)))
			var problems []string
			if list, ok := got.At("argument_errors").(*value.List); ok {
				for _, e := range list.Elems {
					problems = append(problems, value.String(e))
				}
			}
			if !slices.Equal(problems, tt.want) {
				t.Errorf("got %q\nwant %q", problems, tt.want)
			}
			if failed := got.At("failed") == value.Bool(true); failed != (len(tt.want) > 0) {
				t.Errorf("failed is %v", failed)
			}
		})
	}
}

func TestBadArgumentSpec(t *testing.T) {
	for _, args := range [][]any{
		{},
		{"argument_spec", "x"},
		{"argument_spec", value.DictOf("a", option("type", "number"))},
		{"argument_spec", value.DictOf("a", 5)},
		{"argument_spec", value.NewDict(0), "provided_arguments", "x"},
	} {
		expectError(t, validateArgumentSpec, newTask(t, nil, args...))
	}
}

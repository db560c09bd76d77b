package engine

import (
	"regexp"
	"slices"
	"strings"

	"drover/playbook/source"
	"drover/playbook/value"
	"drover/playbook/vars"
	"drover/playbook/yaml"
)

const debuggerHelp = `p EXPR, print EXPR        show task, task.args, task_vars, host, result or any expression of templates
task.args[KEY] = EXPR     change an argument of the task
task_vars[KEY] = EXPR     change a variable of the task
del task.args[KEY]        take an argument away
u, update_task            make the task anew from the playbook with the changed variables
r, redo                   run the task again
c, continue               go on
q, quit                   end the run
h, help                   this text`

// command carries out one line of the debugger's prompt.
func (d *debugger) command(line string) decision {
	word, rest, _ := strings.Cut(line, " ")
	rest = strings.TrimSpace(rest)
	switch {
	case line == "":
	case slices.Contains([]string{"c", "continue"}, line):
		return goOn
	case slices.Contains([]string{"r", "redo"}, line):
		return redo
	case slices.Contains([]string{"q", "quit", "EOF"}, line):
		return quit
	case slices.Contains([]string{"h", "help", "?"}, word):
		d.say(debuggerHelp)
	case slices.Contains([]string{"u", "update_task"}, line):
		d.try(d.updateTask())
	case slices.Contains([]string{"p", "print", "pprint"}, word) && !strings.HasPrefix(rest, "="):
		d.print(rest)
	default:
		d.statement(line)
	}
	return stay
}

// try shows the error of a command.
func (d *debugger) try(err error) {
	if err != nil {
		d.say("***" + errorText(err))
	}
}

// place says in errors where an expression of the prompt stands.
func place() source.Pos { return source.Pos{File: "<debugger>", Line: 1, Col: 1} }

var (
	assignment = regexp.MustCompile(`^(task\.args|task_vars)\s*\[(.+?)\]\s*=([^=].*)$`)
	naming     = regexp.MustCompile(`^([A-Za-z_]\w*)\s*=([^=].*)$`)
	removal    = regexp.MustCompile(`^del\s+(task\.args|task_vars)\s*\[(.+)\]$`)
)

// statement carries out an assignment, a removal, or shows an expression.
func (d *debugger) statement(line string) {
	if m := assignment.FindStringSubmatch(line); m != nil {
		d.try(d.assign(m[1], m[2], m[3]))
	} else if m := removal.FindStringSubmatch(line); m != nil {
		d.try(d.remove(m[1], m[2]))
	} else if m := naming.FindStringSubmatch(line); m != nil {
		v, err := d.evaluate(m[2])
		if err == nil {
			d.names.Put(m[1], v)
		}
		d.try(err)
	} else {
		d.print(line)
	}
}

// assign sets one argument or variable. What is typed is the user's own text,
// so it may hold templates.
func (d *debugger) assign(to, key, expr string) error {
	k, err := d.evaluate(key)
	if err != nil {
		return err
	}
	v, err := d.evaluate(expr)
	if err != nil {
		return err
	}
	v = mapText(v, func(v value.Value) value.Value {
		if s, ok := v.(value.Str); ok {
			return yaml.Text(string(s), place())
		}
		return v
	})
	if to == "task_vars" {
		d.edited.assigned.Put(value.String(k), v)
		return nil
	}
	args := d.edited.task.Args.Clone()
	args.Put(d.argName(value.String(k)), v)
	d.setArgs(args)
	return nil
}

// argName gives the module's own name for its free text, which people know as
// _raw_params.
func (d *debugger) argName(key string) string {
	if spec := d.edited.plan.spec; key == "_raw_params" && spec != nil && spec.FreeForm != "" {
		return spec.FreeForm
	}
	return key
}

func (d *debugger) remove(from, key string) error {
	k, err := d.evaluate(key)
	if err != nil {
		return err
	}
	owner, name := d.edited.assigned, value.String(k)
	if from == "task.args" {
		owner, name = d.edited.task.Args, d.argName(name)
	}
	if !owner.Delete(value.Str(name)) {
		return source.Errorf(place(), "%s has no %s to delete", from, value.Repr(k))
	}
	return nil
}

// updateTask makes the task anew from the playbook, with its arguments
// evaluated in the variables as they are now.
func (d *debugger) updateTask() error {
	args, err := d.item().jinja.Evaluate(d.out.step.task.Args)
	if err != nil {
		return err
	}
	d.setArgs(args.(*value.Dict))
	return nil
}

// item is a run of the task as it is now, to evaluate in what it sees.
func (d *debugger) item() *itemRun {
	t := d.batch.newTaskRun(d.edited, d.out.seat)
	t.secrets = d.out.secrets
	return t.item(nil)
}

// evaluate evaluates an expression of the prompt: the names of the prompt
// stand above the task's variables.
func (d *debugger) evaluate(expr string) (value.Value, error) {
	i := d.item()
	own := value.DictOf("task", d.taskView(), "host", d.out.seat.name, "result", d.resultView())
	own.Put("task_vars", d.batch.run.viewOf(i.stack, ""))
	ctx := i.jinja.With(i.stack.Over(vars.Dict{D: own}, vars.Dict{D: d.names}))
	return ctx.Expr(strings.TrimSpace(expr), place())
}

// taskView is what the prompt sees of the task; templates in it are shown as
// they are written.
func (d *debugger) taskView() *value.Dict {
	view := failedTask(d.edited).(*value.Dict)
	return mapText(view, func(v value.Value) value.Value {
		if t, ok := v.(*value.Template); ok {
			return value.Str(t.Src)
		}
		return v
	}).(*value.Dict)
}

// resultView is the result as people may see it, also as result._result.
func (d *debugger) resultView() *value.Dict {
	view := d.out.shown.Clone()
	view.Put("_result", d.out.shown)
	return view
}

// print shows an expression's value.
func (d *debugger) print(expr string) {
	switch expr {
	case "task":
		d.say(d.title())
		return
	case "host":
		d.say(d.out.seat.name)
		return
	case "result":
		expr = "result._result"
	}
	v, err := d.evaluate(expr)
	if err != nil {
		d.try(err)
		return
	}
	d.say(pretty(redact(v), 0))
}

// prettyWidth is from how many columns on a container is shown on several
// lines.
const prettyWidth = 80

// pretty gives a value as Python writes it, an element a line where one line
// would be too long.
func pretty(v value.Value, indent int) string {
	text := value.Repr(v)
	if indent+len(text) <= prettyWidth {
		return text
	}
	var open, end string
	var parts []string
	switch v := v.(type) {
	case *value.List:
		open, end = "[", "]"
		for _, x := range v.Elems {
			parts = append(parts, pretty(x, indent+1))
		}
	case *value.Dict:
		open, end = "{", "}"
		for _, e := range v.Entries() {
			key := value.Repr(e.Key) + ": "
			parts = append(parts, key+pretty(e.Val, indent+1+len(key)))
		}
		slices.Sort(parts)
	default:
		return text
	}
	return open + strings.Join(parts, ",\n"+strings.Repeat(" ", indent+1)) + end
}

// Package action holds the controller's half of modules: what a task does
// before and instead of calling its module on the host. An action sees a task
// through the small Task interface and calls modules by Invoke; a module that
// has no action of its own is simply invoked.
package action

import (
	"context"
	"errors"
	"time"

	"drover/playbook/jinja"
	"drover/playbook/source"
	"drover/playbook/value"
	"drover/transport"
	"drover/transport/remote"
)

// Action is the controller's half of a module. Run gives the result as
// register will see it. An error is a failure of the task with that message
// (or makes the host unreachable when it is a *transport.UnreachableError).
type Action interface {
	Run(ctx context.Context, t Task) (*value.Dict, error)
}

// Func makes an Action of a function.
type Func func(ctx context.Context, t Task) (*value.Dict, error)

// Run implements Action.
func (f Func) Run(ctx context.Context, t Task) (*value.Dict, error) { return f(ctx, t) }

// Task is what an action sees of the task it runs, for one host and item.
type Task interface {
	// Module is the fully qualified name of the task's module.
	Module() string
	// Name is the task's name as its heading shows it.
	Name() string
	// Args are the arguments, expanded; the action owns the dict.
	Args() *value.Dict
	// RawArgs are the arguments as written, for those that evaluate
	// themselves (assert's that, debug's var).
	RawArgs() *value.Dict
	Pos() source.Pos
	Host() string
	Check() bool
	Diff() bool
	Verbosity() int
	// Registered reports whether the playbook keeps the result.
	Registered() bool
	// Jinja evaluates in the task's variables.
	Jinja() *jinja.Context
	// With gives an evaluator that sees further variables on top.
	With(vars *value.Dict) *jinja.Context
	// Find gives the path of a controller file: kind is "files",
	// "templates", "vars" or "tasks"; it searches the role, the including
	// files' folders and the playbook's folder, in Ansible's order. The error
	// lists where it looked.
	Find(kind, name string) (string, error)
	// ReadFile reads a controller file, decrypting a vaulted one; secret says
	// that it was.
	ReadFile(path string) (data []byte, secret bool, err error)
	// VarsFile reads a YAML or JSON file of trusted variables, vaulted or not.
	VarsFile(path string) (*value.Dict, error)
	// Delegate is the host that the task was delegated to, "" when it was not.
	Delegate() string
	// Invoke calls a module on the task's host (as its become user) with the
	// task's check, diff and environment; nil options are the zero ones.
	Invoke(ctx context.Context, module string, args *value.Dict, o *InvokeOptions) (*value.Dict, error)
	// Conn gives the bare connection and how to become, for raw and script.
	Conn(ctx context.Context) (transport.Conn, *transport.Target, error)
	// Loader is for templates that include others.
	Loader() jinja.Loader
	// Env is the task's environment keyword, merged.
	Env() map[string]string
	// Warn adds a warning to the task's result.
	Warn(text string)
	// Run gives what belongs to the run rather than to the task: prompts,
	// inventory changes, connection resets.
	Run() Run
}

// Run is what actions may ask of the run.
type Run interface {
	// ReadKeys shows text and reads from the terminal, key by key, what k
	// describes. interactive is false when there is no terminal, then it
	// returns at once. ErrInterrupted says that somebody interrupted it.
	ReadKeys(ctx context.Context, text string, k Keys) (typed string, interactive bool, err error)
	// ResetConnection closes the task's connection.
	ResetConnection(host string)
	// Ping tries a fresh connection to the host and a call of the runner.
	Ping(ctx context.Context, host string) error
	// Print sends a message to the user's output.
	Print(text string)
}

// Keys says how a prompt that reads key by key ends.
type Keys struct {
	// Complete are the keys that end it, in small letters; Interrupt those that
	// interrupt it, besides ctrl+C.
	Complete, Interrupt string
	// Echo shows what is typed.
	Echo bool
	// Limit, when not zero, ends it too, as a complete key does.
	Limit time.Duration
}

// ErrInterrupted is the error of a prompt that somebody interrupted by a key.
var ErrInterrupted = errors.New("interrupted at the prompt")

// InvokeOptions go with Task.Invoke.
type InvokeOptions struct {
	Blobs   map[string]remote.Blob
	Receive remote.ReceiveFunc
	// Check and Diff override the task's when not nil.
	Check, Diff *bool
}

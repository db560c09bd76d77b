package playbook

import (
	"drover/modules"
	"drover/playbook/jinja"
	"drover/playbook/source"
	"drover/playbook/value"
	"drover/playbook/yaml"
)

// Loader reads playbooks, task files and roles, checks them and resolves what
// is static. It keeps what it read, so that an include in a loop reads a file
// once. Safe for concurrent use.
type Loader struct {
	Options
	cache loaderCache
}

// Options say what a Loader knows of the world around a playbook.
type Options struct {
	// Modules gives the spec of a module by its fully qualified name, and
	// names lists them all, for "did you mean".
	Modules func(fqcn string) (*modules.Spec, bool)
	Names   func() []string
	// HasAction reports whether a module's work begins on the controller; nil
	// means that none does.
	HasAction func(fqcn string) bool
	// HasLookup reports whether there is a lookup of a name; nil means any.
	HasLookup func(name string) bool
	// Rejected are the modules that must not be used, by the names that tasks
	// give them; RejectedBy is the file that says so.
	Rejected   []string
	RejectedBy string
	// RolePaths and CollectionPaths are searched after the playbook's own
	// folders; so are LibraryPaths, for modules of the user's own.
	RolePaths, CollectionPaths, LibraryPaths []string
	// PublicRoles says whether roles export their variables unless they say so
	// themselves; nil: those of include_role don't, all others do.
	PublicRoles *bool
	// Vault decrypts vaulted files and !vault values; nil means that they
	// are an error that says which flag to give.
	Vault Vault
	// Static gives an evaluator over the variables known while loading
	// (extra vars, and the given ones), for templates in import names.
	Static func(vars *value.Dict) *jinja.Context
	// Env checks the syntax of templates and conditionals; may be nil.
	Env *jinja.Env
	// Timestamp makes the values of dates in YAML; without it they stay text.
	Timestamp yaml.Timestamp
	// DuplicateKeys says what a key that is given twice is; see yaml.Options.
	DuplicateKeys string
	// Warn receives warnings (a key given twice); may be nil.
	Warn func(pos source.Pos, msg string)
}

// Vault decrypts Ansible Vault text ("$ANSIBLE_VAULT;1.1;AES256\n…").
type Vault interface {
	Decrypt(data []byte) ([]byte, error)
}

// RoleRequest says which role an include_role or import_role wants; all names
// are already evaluated.
type RoleRequest struct {
	Name                                            string
	TasksFrom, VarsFrom, DefaultsFrom, HandlersFrom string // "main" when ""
	Public, AllowDuplicates, Validate               bool
	Apply                                           *Base
}

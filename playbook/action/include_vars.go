package action

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"drover/modules"
	"drover/playbook/value"
)

type includeVarsArgs struct {
	File          string      `arg:"file" type:"path" doc:"The file, searched in vars/ of the role and beside the playbook."`
	Dir           string      `arg:"dir" type:"path" doc:"A folder whose files are all read, in alphabetical order."`
	Name          string      `arg:"name" doc:"The variable that holds what was read, instead of the top level."`
	Depth         int         `arg:"depth" default:"0" doc:"How many levels of folders to go down, 0 for all."`
	FilesMatching string      `arg:"files_matching" doc:"A regular expression that names of files in dir have to match."`
	IgnoreFiles   value.Value `arg:"ignore_files" type:"raw" doc:"Regular expressions for the ends of file names to leave out."`
	Extensions    []string    `arg:"extensions" default:"json,yaml,yml" doc:"The extensions that files in dir may have."`
	IgnoreUnknown bool        `arg:"ignore_unknown_extensions" default:"false" doc:"Whether files with other extensions are left out instead of being an error."`
	HashBehaviour string      `arg:"hash_behaviour" choices:"replace,merge" doc:"Whether dicts are merged into those that are there."`
}

func includeVarsSpec() *modules.Spec {
	return modules.SpecOf[includeVarsArgs](modules.Spec{
		Name:     "ansible.builtin.include_vars",
		Summary:  "Read variables from files",
		Doc:      "Reads YAML or JSON files of variables on the controller while the play runs.",
		FreeForm: "file",
		Check:    modules.CheckFull,
		Examples: "- ansible.builtin.include_vars: \"{{ ansible_facts.os_family }}.yml\"\n- ansible.builtin.include_vars:\n    dir: vars/all\n    name: settings\n",
		Returns: []modules.Return{
			{Name: "ansible_facts", Type: "dict", When: "success", Doc: "The variables."},
			{Name: "ansible_included_var_files", Type: "list", When: "always", Doc: "The files that were read."},
		},
	})
}

// Arguments that only go with a folder, and those that only go with a file.
var (
	dirArgs  = []string{"dir", "depth", "files_matching", "ignore_files", "extensions", "ignore_unknown_extensions"}
	fileArgs = []string{"file"}
)

func includeVars(_ context.Context, t Task) (*value.Dict, error) {
	if anyGiven(t, dirArgs) && anyGiven(t, fileArgs) {
		return nil, modules.Failf("You are mixing file only and dir only arguments, these are incompatible")
	}
	a, err := decode[includeVarsArgs](t, includeVarsSpec())
	if err != nil {
		return nil, err
	}
	in := &varsIncluder{Task: t, args: a, vars: value.NewDict(8), files: value.NewList()}
	if a.Dir != "" {
		err = in.folder()
	} else {
		err = in.file()
	}
	if err != nil {
		facts := value.NewDict(0)
		if a.Name != "" {
			facts = value.DictOf(a.Name, value.NewDict(0))
		}
		data := value.DictOf("ansible_included_var_files", in.files, "ansible_facts", facts, "message", err.Error())
		return nil, modules.FailWith(data, "%w", err)
	}
	return in.result()
}

func anyGiven(t Task, names []string) bool {
	return slices.ContainsFunc(names, func(n string) bool { _, ok := t.Args().Lookup(n); return ok })
}

// varsIncluder collects the variables of one task.
type varsIncluder struct {
	Task
	args  *includeVarsArgs
	vars  *value.Dict
	files *value.List
	// secret: a file was encrypted, so that nothing of the result is shown.
	secret bool
}

func (in *varsIncluder) result() (*value.Dict, error) {
	facts := in.vars
	if in.args.Name != "" {
		facts = value.DictOf(in.args.Name, in.vars)
	}
	if in.args.HashBehaviour == "merge" {
		merged, err := in.mergedWithPresent(facts)
		if err != nil {
			return nil, err
		}
		facts = merged
	}
	result := value.DictOf("changed", false, "ansible_included_var_files", in.files, "ansible_facts", facts)
	if in.secret {
		result.Put("_ansible_no_log", value.Bool(true))
	}
	return result, nil
}

// mergedWithPresent merges dicts into the variables of the same name.
func (in *varsIncluder) mergedWithPresent(facts *value.Dict) (*value.Dict, error) {
	merged := value.NewDict(facts.Len())
	for _, e := range facts.Entries() {
		old, _, err := in.Jinja().Lookup(value.String(e.Key))
		if err != nil {
			return nil, err
		}
		merged.Set(e.Key, mergeValues(old, e.Val))
	}
	return merged, nil
}

// mergeValues merges dicts recursively; anything else is replaced.
func mergeValues(old, over value.Value) value.Value {
	a, okA := old.(*value.Dict)
	b, okB := over.(*value.Dict)
	if !okA || !okB {
		return over
	}
	c := a.Clone()
	for _, e := range b.Entries() {
		present, _, _ := c.Get(e.Key)
		c.Set(e.Key, mergeValues(present, e.Val))
	}
	return c
}

// file reads the one file.
func (in *varsIncluder) file() error {
	name := strings.TrimRight(in.args.File, "\n")
	if name == "" {
		return modules.Failf("Could not find file: include_vars needs a file or a dir")
	}
	path, err := in.Find("vars", name)
	if err != nil {
		return err
	}
	return in.read(path)
}

func (in *varsIncluder) read(path string) error {
	d, err := in.VarsFile(path)
	if err != nil {
		return err
	}
	_, secret, err := in.ReadFile(path)
	if err != nil {
		return err
	}
	in.secret = in.secret || secret
	in.vars.Update(d)
	in.files.Append(value.Str(path))
	return nil
}

// folder reads all files below dir, folder by folder.
func (in *varsIncluder) folder() error {
	root, err := in.root()
	if err != nil {
		return err
	}
	info, err := os.Stat(root)
	switch {
	case err != nil:
		return modules.Failf("%s directory does not exist", root)
	case !info.IsDir():
		return modules.Failf("%s is not a directory", root)
	}
	pick, err := in.picker()
	if err != nil {
		return err
	}
	return in.walk(root, root, 1, pick)
}

// root is where dir is: below vars/ of the role, or beside the task's file.
func (in *varsIncluder) root() (string, error) {
	dir := in.args.Dir
	if filepath.IsAbs(dir) {
		return dir, nil
	}
	role, ok, err := in.Jinja().Lookup("role_path")
	if err != nil {
		return "", err
	}
	if !ok {
		return filepath.Join(filepath.Dir(in.Pos().File), dir), nil
	}
	if first, _, _ := strings.Cut(filepath.ToSlash(dir), "/"); first == "vars" {
		if path := filepath.Join(value.String(role), dir); exists(path) {
			return path, nil
		}
		return filepath.Join(filepath.Dir(in.Pos().File), dir), nil
	}
	return filepath.Join(value.String(role), "vars", dir), nil
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// picker gives the test of which files of a folder are read; an extension that
// is not allowed is an error.
func (in *varsIncluder) picker() (func(name string) (bool, error), error) {
	matching, err := regexp.Compile(in.args.FilesMatching)
	if err != nil {
		return nil, modules.Failf("Invalid regular expression: %s", in.args.FilesMatching)
	}
	ignored, err := in.ignored()
	if err != nil {
		return nil, err
	}
	return func(name string) (bool, error) {
		if !matching.MatchString(name) || slices.ContainsFunc(ignored, func(re *regexp.Regexp) bool { return re.MatchString(name) }) {
			return false, nil
		}
		if ext := strings.TrimPrefix(filepath.Ext(name), "."); slices.Contains(in.args.Extensions, ext) {
			return true, nil
		}
		if in.args.IgnoreUnknown {
			return false, nil
		}
		return false, modules.Failf("%s does not have a valid extension: %s", name, strings.Join(in.args.Extensions, ", "))
	}, nil
}

func (in *varsIncluder) ignored() ([]*regexp.Regexp, error) {
	var exprs []string
	switch v := in.args.IgnoreFiles.(type) {
	case nil:
	case *value.List:
		for _, e := range v.Elems {
			exprs = append(exprs, value.String(e))
		}
	case value.Str, value.Secret:
		exprs = strings.Fields(value.String(v))
	default:
		return nil, modules.Failf("%s must be a list", value.Repr(v))
	}
	compiled := make([]*regexp.Regexp, len(exprs))
	for i, e := range exprs {
		re, err := regexp.Compile("(?:" + e + ")$")
		if err != nil {
			return nil, modules.Failf("Invalid regular expression: %s", e)
		}
		compiled[i] = re
	}
	return compiled, nil
}

// walk reads a folder's files, then goes into its folders, both sorted.
func (in *varsIncluder) walk(root, dir string, depth int, pick func(string) (bool, error)) error {
	if in.args.Depth != 0 && depth > in.args.Depth {
		return nil
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return modules.Failf("the folder %s can't be read: %w", dir, err)
	}
	var folders []string
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		if info, err := os.Stat(path); err == nil && info.IsDir() {
			folders = append(folders, path)
			continue
		}
		if in.isRoleMain(path) {
			continue
		}
		ok, err := pick(e.Name())
		if err == nil && ok {
			err = in.read(path)
		}
		if err != nil {
			return err
		}
	}
	for _, f := range folders {
		if err := in.walk(root, f, depth+1, pick); err != nil {
			return err
		}
	}
	return nil
}

// isRoleMain says whether a file is the role's own vars/main.yml, which is
// loaded with the role.
func (in *varsIncluder) isRoleMain(path string) bool {
	role, ok, err := in.Jinja().Lookup("role_path")
	return err == nil && ok && path == filepath.Join(value.String(role), "vars", "main.yml")
}

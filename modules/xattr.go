package modules

import (
	"context"
	"strings"

	"drover/modules/target"
	"drover/playbook/value"
)

type xattrArgs struct {
	Path      string  `arg:"path" alias:"name" type:"path" required:"true" doc:"The file or folder."`
	Namespace string  `arg:"namespace" default:"user" doc:"What the key's name begins with."`
	Key       *string `arg:"key" doc:"Name of the attribute."`
	Value     *string `arg:"value" doc:"Its value; given, it is set whatever the state."`
	State     string  `arg:"state" default:"read" choices:"absent,all,keys,present,read" doc:"Whether the attribute is there; read tells its value, keys the names of all, all their values as well."`
	Follow    bool    `arg:"follow" default:"true" doc:"Follow links."`
}

// xattrModule keeps and reads extended attributes of files.
func xattrModule() Module {
	return Define(Spec{
		Name:     "community.general.xattr",
		Summary:  "Set and read extended attributes of files",
		Doc:      "Makes an extended attribute have a value or not be there, or tells what is, with the host's setfattr and getfattr (package attr).",
		Check:    CheckFull,
		Examples: "- community.general.xattr:\n    path: /srv/shop/data\n    key: owner\n    value: shop\n",
		Returns:  []Return{{"xattr", "dict", "always", "The attributes as they were before."}},
	}, runXattr)
}

func runXattr(ctx context.Context, h target.Host, c *Call, a *xattrArgs) (*Result, error) {
	if _, err := h.Stat(a.Path); err != nil {
		return nil, Failf("path not found or not accessible!")
	}
	if a.Key == nil && (a.State == "absent" || a.State == "present" || a.Value != nil) {
		return nil, Failf("%s needs a key parameter", a.State)
	}
	key := a.key()
	get := [][]string{{"-d"}, {"-n", key}}[min(1, len(key))]
	switch {
	case a.State == "keys" && a.Value == nil:
		get = nil
	case a.State == "all" && a.Value == nil:
		get = []string{"-d"}
	}
	now, err := a.read(ctx, h, get)
	if err != nil {
		return nil, err
	}
	res := new(Result).Set("xattr", now)
	old, there := now.Lookup(key)
	var change []string
	switch {
	case a.State == "present" || a.Value != nil:
		val := ""
		if a.Value != nil {
			val = *a.Value
		}
		res.Msg = key + " set to " + val
		if !there || value.String(old) != val {
			change = []string{"-n", key, "-v", val}
		}
	case a.State == "absent":
		res.Msg = key + " removed"
		if there {
			change = []string{"-x", key}
		}
	default:
		res.Msg = map[string]string{"keys": "returning all keys", "all": "dumping all", "read": "returning " + orText(key, "None")}[a.State]
	}
	res.Changed = change != nil
	if change == nil || c.Check {
		return res, nil
	}
	_, err = mustRun(ctx, h, append(append(a.tool("setfattr"), change...), a.Path)...)
	return res, err
}

// key gives the attribute's whole name, "" for none.
func (a *xattrArgs) key() string {
	switch {
	case a.Key == nil:
		return ""
	case a.Namespace == "" || a.Namespace == "user" && strings.HasPrefix(*a.Key, "user."):
		return *a.Key
	}
	return a.Namespace + "." + *a.Key
}

func (a *xattrArgs) tool(name string) []string {
	return append([]string{name}, flags(!a.Follow, "-h")...)
}

// read asks for attributes. One that is not there is missing in the answer.
func (a *xattrArgs) read(ctx context.Context, h target.Host, what []string) (*value.Dict, error) {
	argv := append(append(a.tool("getfattr"), "--absolute-names"), what...)
	out, err := runTool(ctx, h, append(argv, a.Path)...)
	found := value.NewDict(4)
	for _, line := range strings.Split(out.Stdout, "\n") {
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		key, val, _ := strings.Cut(line, "=")
		found.Put(key, value.Str(strings.Trim(val, `"`)))
	}
	return found, err
}

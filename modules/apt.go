package modules

import (
	"context"
	"errors"
	"strings"

	"drover/modules/target"
)

type aptArgs struct {
	State                 string   `arg:"state" default:"present" choices:"absent,build-dep,fixed,latest,present" doc:"What shall be true of the packages. build-dep installs what building them needs; fixed repairs broken dependencies."`
	UpdateCache           *bool    `arg:"update_cache" alias:"update-cache" doc:"Fetch the package lists first."`
	UpdateCacheRetries    int      `arg:"update_cache_retries" default:"5" doc:"How often to try to fetch the lists."`
	UpdateCacheRetryDelay int      `arg:"update_cache_retry_max_delay" default:"12" doc:"The longest pause between two tries, in seconds."`
	CacheValidTime        int      `arg:"cache_valid_time" default:"0" doc:"Fetch the lists only when they are older than this many seconds; implies update_cache."`
	Purge                 bool     `arg:"purge" default:"false" doc:"Remove configuration files too."`
	Package               []string `arg:"package" alias:"pkg,name" doc:"Packages: names, name=version (with shell patterns), name>=version, name:arch, patterns of names."`
	Deb                   string   `arg:"deb" type:"path" doc:"A .deb file on the host or at a URL; several are separated by commas."`
	DefaultRelease        string   `arg:"default_release" alias:"default-release" doc:"Release to prefer, as apt-get -t."`
	InstallRecommends     *bool    `arg:"install_recommends" alias:"install-recommends" doc:"Install recommended packages; the system's setting when not given."`
	Force                 bool     `arg:"force" default:"false" doc:"Pass --force-yes: removes, downgrades and installs unauthenticated packages without asking. Destructive."`
	Upgrade               string   `arg:"upgrade" default:"no" choices:"dist,full,no,safe,yes" doc:"Upgrade all packages; dist and full also remove what is in the way."`
	DpkgOptions           string   `arg:"dpkg_options" default:"force-confdef,force-confold" doc:"Options of dpkg without the dashes, separated by commas."`
	Autoremove            bool     `arg:"autoremove" default:"false" doc:"Remove packages that were installed for others and are no longer needed."`
	Autoclean             bool     `arg:"autoclean" default:"false" doc:"Delete downloaded packages that can no longer be fetched."`
	FailOnAutoremove      bool     `arg:"fail_on_autoremove" default:"false" doc:"Fail where a package would be removed."`
	PolicyRCD             *int     `arg:"policy_rc_d" doc:"Exit code of policy-rc.d meanwhile; 101 keeps services from starting."`
	OnlyUpgrade           bool     `arg:"only_upgrade" default:"false" doc:"Leave packages alone that are not installed yet."`
	ForceAptGet           bool     `arg:"force_apt_get" default:"false" doc:"Use apt-get even where aptitude is installed."`
	Clean                 bool     `arg:"clean" default:"false" doc:"Delete all downloaded packages."`
	AllowUnauthenticated  bool     `arg:"allow_unauthenticated" alias:"allow-unauthenticated" default:"false" doc:"Install packages that are not signed."`
	AllowDowngrade        bool     `arg:"allow_downgrade" alias:"allow-downgrade,allow_downgrades,allow-downgrades" default:"false" doc:"Install an older version than the present one where that is asked for."`
	AllowHeld             bool     `arg:"allow_change_held_packages" default:"false" doc:"Change packages that are on hold."`
	LockTimeout           int      `arg:"lock_timeout" default:"60" doc:"Seconds to wait for another process that holds the lock of apt or dpkg."`
	AutoInstallDeps       bool     `arg:"auto_install_module_deps" default:"true" doc:"Without effect: nothing has to be installed for this module."`
}

// aptModule brings Debian packages into a state with apt-get and dpkg. It reads
// dpkg's own status file, so packages that are in order cost no program at all.
func aptModule() Module {
	return Define(Spec{
		Name:    "ansible.builtin.apt",
		Summary: "Install, upgrade and remove Debian packages",
		Doc: "Makes packages present, absent or up to date through apt-get, and keeps the package lists fresh. " +
			"It needs no python-apt. While another process holds the lock it waits for lock_timeout seconds, then says which process that is.",
		Check: CheckFull, Diff: true,
		Examples: "- name: Apache, with lists at most an hour old\n  ansible.builtin.apt:\n    name: apache2\n    update_cache: true\n    cache_valid_time: 3600\n\n" +
			"- name: A certain version\n  ansible.builtin.apt:\n    name: nginx=1.22*\n\n- name: Upgrade everything\n  ansible.builtin.apt:\n    upgrade: dist\n",
		Returns: []Return{
			{"cache_updated", "bool", "when installing or updating the lists alone", "Whether the package lists were fetched."},
			{"cache_update_time", "int", "success", "When the lists were last fetched, in seconds since 1970."},
			{"stdout", "str", "when a program ran", "What apt-get printed."},
			{"stderr", "str", "when a program ran", "What apt-get complained about."},
		},
		MutuallyExclusive: [][]string{{"deb", "package", "upgrade"}},
		RequiredOneOf:     [][]string{{"autoremove", "deb", "package", "update_cache", "upgrade"}},
	}, runApt)
}

// aptRun is one use of the module.
type aptRun struct {
	*aptArgs
	h      target.Host
	c      *Call
	status *dpkgStatus // read when first needed
	update cacheUpdate
}

func runApt(ctx context.Context, h target.Host, c *Call, a *aptArgs) (*Result, error) {
	r := &aptRun{aptArgs: a, h: h, c: c}
	if _, err := requireTool(h, "apt-get"); err != nil {
		return nil, err
	}
	res, err := r.steps(ctx)
	if err != nil {
		return nil, err
	}
	return res, nil
}

// steps does what was asked for, in the order that Ansible documents; the
// first kind of work ends the call.
func (r *aptRun) steps(ctx context.Context) (*Result, error) {
	idle := len(r.Package) == 0 && r.Upgrade == "no" && r.Deb == ""
	if r.Clean {
		if res, err := r.clean(ctx); err != nil || idle {
			return res, err
		}
	}
	if err := r.refreshCache(ctx); err != nil {
		return nil, err
	}
	if r.update.asked && idle && !r.Autoremove && !r.Autoclean {
		return r.withCache(&Result{Changed: r.update.done}), nil
	}
	res, err := r.work(ctx)
	if err != nil {
		return nil, err
	}
	res.Changed = res.Changed || r.update.done && idle
	return res, nil
}

func (r *aptRun) work(ctx context.Context) (*Result, error) {
	names, everything, err := r.wanted()
	if err != nil {
		return nil, err
	}
	switch {
	case r.Upgrade != "no":
		return r.upgradeAll(ctx, r.Upgrade)
	case r.Deb != "":
		return r.installDebs(ctx)
	case everything && r.State == "latest":
		return r.upgradeAll(ctx, "yes")
	case len(names) == 0 && r.Autoclean:
		return r.cleanUp(ctx, "autoclean", "Del ")
	case len(names) == 0 && r.Autoremove:
		return r.cleanUp(ctx, "autoremove", "The following packages will be REMOVED")
	case r.State == "absent":
		return r.remove(ctx, names)
	}
	res, err := r.install(ctx, names)
	if err != nil {
		var e *Error
		if errors.As(err, &e) && e.Data != nil {
			r.withCache(&Result{Data: e.Data})
		}
		return nil, err
	}
	return r.withCache(res), nil
}

// wanted gives the packages without "*", which stands for all that are
// installed.
func (r *aptRun) wanted() (names []string, everything bool, err error) {
	for _, p := range r.Package {
		p = strings.TrimSpace(p)
		switch {
		case p == "*":
			everything = true
		case strings.Count(p, "=") > 1:
			return nil, false, Failf("invalid package spec: %s", p)
		case p == "" && r.State != "absent":
			return nil, false, Failf("No package matching '' is available")
		case p != "":
			names = append(names, p)
		}
	}
	if everything && r.State == "latest" && len(names) > 0 {
		return nil, false, Failf("unable to install additional packages when upgrading all installed packages")
	}
	return names, everything, nil
}

// withCache adds what is known about the package lists.
func (r *aptRun) withCache(res *Result) *Result {
	return res.Set("cache_updated", r.update.done).Set("cache_update_time", r.update.time)
}

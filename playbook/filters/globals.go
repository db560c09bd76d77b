package filters

import (
	"drover/playbook/jinja"
)

func registerGlobals(env *jinja.Env, o Options) {
	_ = o
}

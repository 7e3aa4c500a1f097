package wire

// Status is the state that a service reports.
type Status struct {
	Service        string            `json:"service" doc:"The role of the service." enum:"all,core,text,number,prize"`
	Version        string            `json:"version"`
	Ready          bool              `json:"ready" doc:"Whether it accepts requests for its parts."`
	Started        bool              `json:"started" doc:"Whether it has been ready since its process began. A started service that is not ready waits for another service and recovers automatically."`
	Implementation string            `json:"implementation" doc:"The deployed format, or the name of the deployed rules." example:"lower4"`
	RulesSHA256    string            `json:"rules_sha256,omitempty" doc:"The SHA-256 of the deployed rules."`
	Rules          []string          `json:"rules,omitempty" doc:"The names of all rules that can be requested."`
	Entropy        string            `json:"entropy,omitempty" doc:"The source of new randomness." example:"os"`
	Reasons        map[string]string `json:"reasons,omitempty" doc:"The reasons why it is not ready, by the name of the failing check."`
	DependsOn      []Dependency      `json:"depends_on,omitempty" doc:"What a core needs: the services that generate the parts of draws, and the database for campaigns."`
}

// Dependency is something that a core needs to be ready.
type Dependency struct {
	Service        string `json:"service" doc:"What is needed." enum:"text,number,prize,database"`
	InProcess      bool   `json:"in_process" doc:"Whether the core does the work of the service itself."`
	Ready          bool   `json:"ready"`
	Version        string `json:"version,omitempty"`
	Implementation string `json:"implementation,omitempty" doc:"The deployed format, or the name of the deployed rules." example:"lower4"`
	RulesSHA256    string `json:"rules_sha256,omitempty" doc:"The SHA-256 of the deployed rules."`
	Reason         string `json:"reason,omitempty" doc:"Why it is not ready."`
}

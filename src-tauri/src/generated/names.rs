// Made by `cargo run -p stemma-proto --bin generate`; do not edit.
&[
	"host_info",
	"roots_list",
	"roots_link",
	"roots_unlink",
	"jobs_list",
	"jobs_watch",
	"jobs_cancel",
	"jobs_log",
]

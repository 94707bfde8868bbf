using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using DeviceAcme.Protocol.Admin;

namespace DeviceAcme.Cli;

/// <summary><c>deviceacme token add | list | revoke | self</c>: who administers over the network.</summary>
internal sealed class TokenCommands(TextWriter output, Talk talk, TimeProvider time)
{
    private const string Route = "admin/v1/tokens";

    private readonly AdminServerChoice _server = new();
    private readonly Option<bool> _json = CommandLine.ForMachines();
    private readonly ListReading _reading = new();

    public Command Command()
    {
        var name = new Argument<string>("NAME") { Description = "what the audit log will call its holder" };
        var roles = new Option<string[]>("--role") { HelpName = "ROLE", Description = "administrator, officer or auditor; several can be given", Required = true, AllowMultipleArgumentsPerToken = true };
        roles.CompletionSources.Add("administrator", "officer", "auditor");
        var profiles = new Option<string[]>("--profile") { HelpName = "NAME", Description = "the only profiles that it is good for [default: all]", AllowMultipleArgumentsPerToken = true };
        var expires = new Option<string?>("--expires") { HelpName = "TIME", Description = "how long it can be used: 12h, 30d [default: 90d]" };
        var add = new CommandWithExamples(
            "add", "makes a token; it is shown once", "deviceacme token add olga --role officer --profile tls-server --expires 30d\ndeviceacme token add backup --role auditor")
        {
            name, roles, profiles, expires,
        };
        add.SetAction(async (parsed, cancellation) =>
        {
            var server = await _server.Open(parsed, cancellation);
            var only = parsed.GetValue(profiles) ?? [];
            var wanted = new NewAdminToken
            {
                Name = parsed.GetRequiredValue(name),
                Roles = parsed.GetRequiredValue(roles),
                Profiles = only.Length > 0 ? only : null,
                ExpiresIn = parsed.GetValue(expires),
            };
            var made = await server.Post(Route, wanted, AdminJson.Default.NewAdminToken, AdminJson.Default.AdminTokenEntry, cancellation);
            output.WriteLine(parsed.GetValue(_json) ? JsonSerializer.Serialize(made, AdminJson.Default.AdminTokenEntry) : made.Token);
            talk.Hint($"the token is not shown again; it is good until {Time(made.ExpiresAt)}");
            return 0;
        });

        var list = new Command("list", "tokens without their secrets, oldest first");
        _reading.AddTo(list);
        list.SetAction(async (parsed, cancellation) =>
        {
            var server = await _server.Open(parsed, cancellation);
            var tokens = new AdminTokenList { Tokens = await _reading.Read<AdminTokenList, AdminTokenEntry>(server, Route, AdminJson.Default.AdminTokenList, parsed, talk, cancellation) };
            output.Write(parsed.GetValue(_json) ? JsonSerializer.Serialize(tokens, AdminJson.Default.AdminTokenList) + Environment.NewLine : Table(tokens));
            return 0;
        });

        var which = new Argument<string>("NAME") { Description = "its name or id, as list shows them" };
        var revoke = new Command("revoke", "refuses a token from now on") { which };
        revoke.SetAction(async (parsed, cancellation) =>
        {
            var server = await _server.Open(parsed, cancellation);
            await server.Delete($"{Route}/{Uri.EscapeDataString(parsed.GetRequiredValue(which))}", cancellation);
            return 0;
        });

        var self = new Command("self", "who the server takes the caller for");
        self.SetAction(async (parsed, cancellation) =>
        {
            var server = await _server.Open(parsed, cancellation);
            var caller = await server.Get("admin/v1/self", AdminJson.Default.AdminSelf, cancellation);
            output.WriteLine(parsed.GetValue(_json) ? JsonSerializer.Serialize(caller, AdminJson.Default.AdminSelf)
                : $"{caller.Name}: {string.Join(", ", caller.Roles)}{(caller.Profiles is null ? "" : $", limited to {string.Join(", ", caller.Profiles)}")}");
            return 0;
        });
        return new Command("token", "tokens for administration over the network") { _server, _json, add, list, revoke, self };
    }

    private string Table(AdminTokenList tokens)
    {
        string[][] rows =
        [
            ["NAME", "ROLES", "PROFILES", "CREATED", "BY", "EXPIRES", "STATE", "ID"],
            .. tokens.Tokens.Select(token => new[]
            {
                token.Name, string.Join(' ', token.Roles), token.Profiles is null ? "all" : string.Join(' ', token.Profiles), Time(token.CreatedAt), token.CreatedBy, Time(token.ExpiresAt),
                token.RevokedAt is not null ? "revoked" : token.ExpiresAt <= time.GetUtcNow() ? "expired" : "good", token.Id,
            }),
        ];
        return TextTable.Of(rows);
    }

    private static string Time(DateTimeOffset at) => at.ToUniversalTime().ToString("yyyy-MM-dd HH:mm'Z'", CultureInfo.InvariantCulture);
}

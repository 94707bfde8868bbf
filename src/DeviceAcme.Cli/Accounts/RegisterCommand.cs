using System.CommandLine;
using System.Text.Json;
using DeviceAcme.Cli.Tickets;
using DeviceAcme.Protocol.Admin;

namespace DeviceAcme.Cli.Accounts;

/// <summary><c>deviceacme account register</c>: an account for a key that is known beforehand.</summary>
internal sealed class RegisterCommand(TextWriter output, Talk talk, AdminServerChoice server, Option<bool> json)
{
    private const string Route = "admin/v1/accounts";
    private const int LargestFile = 16 * 1024;

    private readonly Option<string> _profile = new("--profile") { HelpName = "NAME", Description = "the profile in whose directory the account lives", Required = true };
    private readonly Option<string> _key = new("--key") { HelpName = "FILE", Description = "the account's public key: JWK, or PEM (PUBLIC KEY)", Required = true };
    private readonly Option<string[]> _contact = new("--contact") { HelpName = "ADDRESS", Description = "mail address of its holder; several can be given" };
    private readonly TicketLimits _limits = new();

    public Command Command()
    {
        var register = new CommandWithExamples(
            "register", "makes an account for a public key that is known beforehand, with what it may order and until when",
            "deviceacme account register --profile tls-server --key account.pub.pem --allow dns:.hosts.example --registration-ends 365d\n"
            + "deviceacme account register --profile printer --key account.jwk --device printer7.example --note \"the big one\"") { _profile, _key, _contact };
        _limits.AddTo(register);
        register.SetAction(async (parsed, cancellation) =>
        {
            var limits = _limits.Read(parsed);
            var wanted = new NewRegistration
            {
                Profile = parsed.GetRequiredValue(_profile),
                Key = Text(parsed.GetRequiredValue(_key)),
                Contact = parsed.GetValue(_contact) is { Length: > 0 } addresses ? [.. addresses.Select(address => address.Contains(':', StringComparison.Ordinal) ? address : "mailto:" + address)] : null,
                Device = limits.Device,
                Allowed = limits.Allowed,
                RegistrationEndsIn = limits.RegistrationEndsIn,
                Attributes = limits.Attributes,
                Note = limits.Note,
            };
            var connection = await server.Open(parsed, cancellation);
            var made = await connection.Post(Route, wanted, AdminJson.Default.NewRegistration, AdminJson.Default.RegisteredAccount, cancellation);
            output.WriteLine(parsed.GetValue(json) ? JsonSerializer.Serialize(made, AdminJson.Default.RegisteredAccount) : string.Join(Environment.NewLine,
            [
                $"account     {made.Id}",
                $"url         {made.Url}",
                $"thumbprint  {made.Thumbprint}",
                $"ticket      {made.Ticket.Id}",
            ]));
            talk.Hint($"'deviceacme ticket revoke {made.Ticket.Id} --accounts' ends it; clients find it by newAccount with this key");
            return 0;
        });
        return register;
    }

    private static string Text(string file)
    {
        try
        {
            return new FileInfo(file).Length <= LargestFile ? File.ReadAllText(file) : throw new CommandFailure($"{file}: more than {LargestFile} octets: too much for a public key");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new CommandFailure($"{file} cannot be read: {exception.Message}");
        }
    }
}

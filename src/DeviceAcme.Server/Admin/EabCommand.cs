using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using DeviceAcme.Core.Administration;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Protocol.Admin;
using DeviceAcme.Server.Hosting;

namespace DeviceAcme.Server.Admin;

/// <summary><c>eab add | list | remove</c> on a data directory that no server runs on; what it prints is what the admin listener answers.</summary>
internal static class EabCommand
{
    /// <param name="commandLine">Adds the settings to the actions.</param>
    /// <param name="open">Opens the keys of a data directory for one action.</param>
    public static Command Make(CommandLine commandLine, Func<ServerOptions, Func<ExternalAccountKeys, Task>, Task> open)
    {
        var profile = new Option<string?>("--profile") { HelpName = "NAME", Description = "the only profile that the key is good for [default: all]" };
        var expires = new Option<string?>("--expires") { HelpName = "TIME", Description = "how long the key can be used: 45m, 12h, 30d [default: until it is removed]" };
        var add = new Command("add", "makes a key; its MAC key is printed once") { profile, expires };
        commandLine.SetAction(add, (parsed, options, cancellation) => Run(open, options, async keys =>
        {
            var wanted = new NewExternalAccountKey { Profile = parsed.GetValue(profile), ExpiresIn = parsed.GetValue(expires) };
            Print(await keys.Add(wanted, AdminCaller.Command, cancellation), AdminJson.Default.ExternalAccountKeyEntry);
        }));

        var list = new Command("list", "lists the keys without their MAC keys");
        commandLine.SetAction(list, (_, options, cancellation) => Run(open, options, async keys =>
            Print(new ExternalAccountKeyList { Keys = await keys.List(AdminCaller.Command, cancellation) }, AdminJson.Default.ExternalAccountKeyList)));

        var keyId = new Argument<string>("key-id") { Description = "as list prints it" };
        var remove = new Command("remove", "removes a key; the account that it made goes on") { keyId };
        commandLine.SetAction(remove, (parsed, options, cancellation) => Run(open, options, keys => keys.Remove(parsed.GetRequiredValue(keyId), AdminCaller.Command, cancellation)));

        return new Command("eab", "keys for external account binding, while no server runs on the data directory") { add, list, remove };
    }

    private static async Task<int> Run(Func<ServerOptions, Func<ExternalAccountKeys, Task>, Task> open, ServerOptions options, Func<ExternalAccountKeys, Task> action)
    {
        try
        {
            await open(options, action);
            return ExitCode.Success;
        }
        catch (ProblemException refusal)
        {
            throw new StartFailure(refusal.Problem.Detail);
        }
    }

    private static void Print<T>(T value, JsonTypeInfo<T> type) => Console.Out.WriteLine(JsonSerializer.Serialize(value, type));
}

using DeviceAcme.Server.Hosting;
using DeviceAcme.Testing;
using Xunit;

namespace DeviceAcme.EndToEnd.Processes;

/// <summary>A server where an officer is asked: about Macs that the ledger does not have, and about every order of <c>tls-server</c>.</summary>
public sealed class ApprovalServer : IAsyncLifetime
{
    private readonly string _profiles = Directory.CreateTempSubdirectory("deviceacme-approvals-").FullName;

    public ApprovalServer()
    {
        OpenProfiles.Write(Settings.ShippedProfiles, _profiles);
        Change("apple-device", text => text.Replace("unknown: register", "unknown: approve", StringComparison.Ordinal));
        Change("tls-server", text => text.Replace("\ncertificate:", "\napproval: required\ncertificate:", StringComparison.Ordinal));
        Running = new RunningServer { Options = ["--profiles", _profiles] };
    }

    public RunningServer Running { get; }

    public ValueTask InitializeAsync() => Running.InitializeAsync();

    public async ValueTask DisposeAsync()
    {
        await Running.DisposeAsync();
        Directory.Delete(_profiles, recursive: true);
    }

    private void Change(string profile, Func<string, string> change)
    {
        var file = Path.Combine(_profiles, profile + ".yaml");
        var text = File.ReadAllText(file);
        var changed = change(text);
        File.WriteAllText(file, changed != text ? changed : throw new InvalidOperationException($"{profile} is not what it was"));
    }
}

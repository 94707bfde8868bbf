using DeviceAcme.Core.Profiles;
using DeviceAcme.Server.Hosting;
using DeviceAcme.Server.Sync;
using FluentAssertions;
using Xunit;

namespace DeviceAcme.Server.Tests.Sync;

/// <summary>The file of --sync: every mistake names its line and its key.</summary>
public sealed class SyncFileTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("deviceacme-sync-");

    public SyncFileTests()
    {
        Directory.CreateDirectory(Path.Combine(_folder.FullName, "secrets"));
        File.WriteAllText(Path.Combine(_folder.FullName, "secrets", "mdm"), JsonSource.Secret);
    }

    public void Dispose() => _folder.Delete(true);

    [Fact]
    public void Nothing_but_the_least_is_needed()
    {
        var (sources, mistakes) = Read(SyncScene.File(new Uri("https://mdm.example/api/devices")));

        mistakes.Should().BeEmpty();
        sources.Single().Should().BeEquivalentTo(new { Interval = TimeSpan.FromMinutes(15), StaleAfter = TimeSpan.FromHours(1), Gone = GoneDevices.Keep, MostGone = 10, MostDevices = 100_000 });
    }

    [Theory]
    [InlineData("url: https://mdm.example/devices", "url: http://mdm.example/devices", 3, "sources[0].url", "https")]
    [InlineData("secret: mdm", "secret: nowhere", 4, "sources[0].secret", "no file")]
    [InlineData("serial: serial", "serail: serial", 5, "sources[0].map.identifiers.serail", "serial")]
    [InlineData("serial: serial", "serial: a..b", 5, "sources[0].map.identifiers.serial", "between its dots")]
    [InlineData("serial: serial", "serial: \"a[x]\"", 5, "sources[0].map.identifiers.serial", "brackets")]
    [InlineData("identifiers: { serial: serial }", "identifiers: { serial: serial }, attributes: { State: s }", 5, "sources[0].map.attributes.State", "lower-case")]
    [InlineData("identifiers: { serial: serial }", "identifiers: { serial: serial }, attributes: { inventory-age: s }", 5, "sources[0].map.attributes.inventory-age", "none of")]
    [InlineData("identifiers: { serial: serial }", "identifiers: { serial: serial }, state: s", 5, "sources[0].map", "states")]
    [InlineData("identifiers: { serial: serial }", "identifiers: { serial: serial }, state: s, states: { x: gone }", 5, "sources[0].map.states.x", "must be one of")]
    [InlineData("MORE", "gone: remove", 6, "sources[0].gone", "must be one of")]
    [InlineData("MORE", "most-gone: 10", 6, "sources[0].most-gone", "share")]
    [InlineData("MORE", "interval: 15", 6, "sources[0].interval", "unit")]
    [InlineData("MORE", "stale-after: 5m", 6, "sources[0].stale-after", "shorter than interval")]
    [InlineData("MORE", "timeout: 1h", 6, "sources[0].timeout", "300s")]
    [InlineData("MORE", "header: \"a b\"", 6, "sources[0].header", "header")]
    [InlineData("MORE", "intervall: 15m", 6, "sources[0].intervall", "interval")]
    public void A_mistake_names_its_line_and_key(string before, string after, int line, string key, string message)
    {
        var text = SyncScene.File(new Uri("https://mdm.example/devices"), "  MORE").Replace(before, after, StringComparison.Ordinal).Replace("  MORE", "", StringComparison.Ordinal);

        var (_, mistakes) = Read(text);

        var mistake = mistakes.Should().ContainSingle().Subject;
        mistake.Should().BeEquivalentTo(new { Line = line, Key = key });
        mistake.Message.Should().Contain(message);
    }

    [Fact]
    public void Its_mistakes_end_the_start()
    {
        var file = Path.Combine(_folder.FullName, "sync.yaml");
        File.WriteAllText(file, "sources: 1");

        Installation.Load(Options(file)).Mistakes.Should().ContainSingle().Which.ToString().Should().StartWith($"{file}:1: sources:");
    }

    private (IReadOnlyList<SourceSettings> Sources, IReadOnlyList<Mistake> Mistakes) Read(string text)
    {
        var file = Path.Combine(_folder.FullName, "sync.yaml");
        File.WriteAllText(file, text);
        var mistakes = new Mistakes();
        return (SyncFile.Read(file, new SecretFolder(Options(file)), mistakes), mistakes.Errors);
    }

    private ServerOptions Options(string file) => new() { DataDirectory = _folder.FullName, Url = new Uri("https://localhost"), ProfilesDirectory = Settings.ShippedProfiles, SyncFile = file };
}

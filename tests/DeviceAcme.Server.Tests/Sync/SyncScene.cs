using DeviceAcme.Core.Devices;
using DeviceAcme.Core.Profiles;
using DeviceAcme.Server.Hosting;
using DeviceAcme.Server.Ledger;
using DeviceAcme.Server.Storage;
using DeviceAcme.Server.Sync;
using DeviceAcme.Server.Tests.Conformance;
using FluentAssertions;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace DeviceAcme.Server.Tests.Sync;

/// <summary>A server, an MDM, and the sync between them; it runs when a test says so.</summary>
internal sealed class SyncScene : IAsyncDisposable
{
    private SyncScene(TestServer server, JsonSource source) => (Server, Source) = (server, source);

    public TestServer Server { get; }

    public JsonSource Source { get; }

    public InventorySync Sync { get; private set; } = null!;

    public IInventorySource Inventory { get; private set; } = null!;

    /// <param name="more">More lines of the source, each with two blanks before it.</param>
    public static async Task<SyncScene> Start(string more = "", string map = "identifiers: { serial: serial }")
    {
        var scene = new SyncScene(await TestServer.Start(anchors: Simulated.Anchors, ledger: true), await JsonSource.Start());
        scene.Use(more, map);
        return scene;
    }

    /// <summary>The file of the settings.</summary>
    public static string File(Uri url, string more = "", string map = "identifiers: { serial: serial }") => $$"""
        sources:
        - name: mdm
          url: {{url}}
          secret: mdm
          map: { {{map}} }
        {{more}}
        """;

    /// <summary>Begins anew with other settings.</summary>
    public void Use(string more, string map = "identifiers: { serial: serial }")
    {
        var options = new ServerOptions { DataDirectory = Server.DataDirectory, Url = new Uri(TestServer.BaseUrl), ProfilesDirectory = "", SyncFile = Path.Combine(Server.DataDirectory, "sync.yaml") };
        Directory.CreateDirectory(Path.Combine(Server.DataDirectory, "secrets"));
        System.IO.File.WriteAllText(Path.Combine(Server.DataDirectory, "secrets", "mdm"), JsonSource.Secret);
        System.IO.File.WriteAllText(options.SyncFile!, File(Source.Url, more, map));
        var (secrets, mistakes) = (new SecretFolder(options), new Mistakes());
        InventorySources.Check(options, secrets, mistakes);
        mistakes.Errors.Should().BeEmpty();
        var sources = new InventorySources(options, secrets);
        Inventory = sources.All.Single();
        Sync = new InventorySync(Server.Db, Server.Services.GetRequiredService<DeviceImport>(), sources, Server.Clock, NullLogger<InventorySync>.Instance);
    }

    public async Task<SyncResult> Run(bool dryRun = false, bool acceptGone = false) => (await Sync.Run(Inventory, dryRun, acceptGone, CancellationToken.None))!;

    /// <summary>The devices by the first of their names.</summary>
    public async Task<IReadOnlyDictionary<string, Device>> Devices()
    {
        await using var context = Server.Db.Read();
        return await context.Devices.ToDictionaryAsync(device => device.IdentifierValue);
    }

    public async Task<string> States() => string.Join(' ', (await Devices()).OrderBy(device => device.Key).Select(device => $"{device.Key}:{device.Value.State.Name()}"));

    public async Task<StoredSyncSource> Stored()
    {
        await using var context = Server.Db.Read();
        return await context.SyncSources.SingleAsync();
    }

    public async Task<IReadOnlyList<string>> Events(string kind)
    {
        await using var context = Server.Db.Read();
        return await context.Events.Where(happened => happened.Kind == kind).OrderBy(happened => happened.Sequence).Select(happened => happened.Detail ?? "").ToListAsync();
    }

    /// <summary>Serials as the MDM lists them.</summary>
    public static string List(params IEnumerable<string> serials) => $"[{string.Join(',', serials.Select(serial => $$"""{"serial":"{{serial}}"}"""))}]";

    public async ValueTask DisposeAsync()
    {
        await Server.DisposeAsync();
        await Source.DisposeAsync();
    }
}

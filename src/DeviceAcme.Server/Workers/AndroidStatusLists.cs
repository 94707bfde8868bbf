using System.Globalization;
using DeviceAcme.Attestation;
using DeviceAcme.Attestation.AndroidKey;
using DeviceAcme.Core.Challenges;
using DeviceAcme.Core.Profiles;
using DeviceAcme.Server.Acme;
using DeviceAcme.Server.Hosting;

namespace DeviceAcme.Server.Workers;

/// <summary>
/// Keeps Google's list of revoked Android attestation certificates: a file is read again when it changes, a URL is fetched every hour and kept
/// as a copy in the data folder, so that a restart without network has a list with its true age. A list that cannot be had or read leaves
/// the last one in force; what its age means is the profile's to say.
/// </summary>
internal sealed partial class AndroidStatusLists : BackgroundService, IFormatPolicySource
{
    /// <summary>The copy of what was fetched; its time of change is when that was.</summary>
    public const string CopyName = "android-status-list.json";

    private static readonly TimeSpan Look = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Refresh = TimeSpan.FromHours(1);

    private readonly ServerOptions _options;
    private readonly ProfileCatalog _profiles;
    private readonly TimeProvider _time;
    private readonly ILogger<AndroidStatusLists> _log;
    private readonly HttpClient _http;
    private volatile StatusList? _current;
    private DateTime _readFileOf;

    public AndroidStatusLists(ServerOptions options, ProfileCatalog profiles, TimeProvider time, ILogger<AndroidStatusLists> log)
        : this(options, profiles, time, log, new SocketsHttpHandler { MaxAutomaticRedirections = 3, ConnectTimeout = TimeSpan.FromSeconds(10) })
    {
    }

    /// <param name="network">What tests replace.</param>
    internal AndroidStatusLists(ServerOptions options, ProfileCatalog profiles, TimeProvider time, ILogger<AndroidStatusLists> log, HttpMessageHandler network)
    {
        _options = options;
        _profiles = profiles;
        _time = time;
        _log = log;
        _http = new HttpClient(network) { Timeout = TimeSpan.FromSeconds(60), MaxResponseContentBufferSize = StatusList.MaxSize };
    }

    /// <summary>The list in force; null while there is none.</summary>
    public StatusList? Current => _current;

    public FormatPolicy For(AttestationRule rule) => AndroidPolicyRule.Of(rule, _current);

    private string Copy => Path.Combine(_options.DataDirectory, CopyName);

    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        SayIfNone();

        // what is on this machine is there before the first request; the network may take its time
        if (_options.AndroidStatusList is { } source && (source.IsFile || File.Exists(Copy)))
        {
            ReadFile(source.IsFile ? source.LocalPath : Copy);
        }

        await base.StartAsync(cancellationToken);
    }

    public override void Dispose()
    {
        _http.Dispose();
        base.Dispose();
    }

    /// <summary>Has another look at the source if it is time for one.</summary>
    internal async Task LookAgain(CancellationToken cancellation)
    {
        if (_options.AndroidStatusList is not { } source)
        {
            return;
        }

        if (source.IsFile)
        {
            ReadFile(source.LocalPath);
        }
        else if (_current is not { } list || _time.GetUtcNow() - list.FetchedAt >= Refresh)
        {
            await Fetch(source, cancellation);
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (_options.AndroidStatusList is null)
        {
            return;
        }

        using var timer = new PeriodicTimer(Look, _time);
        try
        {
            do
            {
                await LookAgain(stoppingToken);
            }
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            Stopped(_log);
        }
    }

    private void ReadFile(string path)
    {
        try
        {
            var file = new FileInfo(path);
            if (file.LastWriteTimeUtc == _readFileOf && _current is not null)
            {
                return;
            }

            if (file.Length > StatusList.MaxSize)
            {
                Failed(_log, path, $"{file.Length} bytes, more than {StatusList.MaxSize}");
                return;
            }

            // a file from the future has no age yet, not a negative one
            var changed = file.LastWriteTimeUtc;
            var at = new DateTimeOffset(changed, TimeSpan.Zero);
            var now = _time.GetUtcNow();
            if (Take(path, File.ReadAllBytes(path), at > now ? now : at))
            {
                _readFileOf = changed;
            }
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            Failed(_log, path, failure.Message);
        }
    }

    private async Task Fetch(Uri source, CancellationToken cancellation)
    {
        try
        {
            var json = await _http.GetByteArrayAsync(source, cancellation);
            var now = _time.GetUtcNow();
            if (Take(source.AbsoluteUri, json, now))
            {
                Keep(json, now);
            }
        }
        catch (Exception failure) when (failure is HttpRequestException or IOException or UnauthorizedAccessException
            || (failure is OperationCanceledException && !cancellation.IsCancellationRequested))
        {
            Failed(_log, source.AbsoluteUri, failure.Message);
        }
    }

    private bool Take(string source, byte[] json, DateTimeOffset at)
    {
        if (!StatusList.TryParse(json, at, out var list, out var problem))
        {
            Failed(_log, source, problem);
            return false;
        }

        _current = list;
        Loaded(_log, $"{list.Count} certificate{(list.Count == 1 ? "" : "s")}", source, at.ToString("u", CultureInfo.InvariantCulture));
        return true;
    }

    private void Keep(byte[] json, DateTimeOffset at)
    {
        var fresh = Copy + ".new";
        File.Delete(fresh);
        OwnerFile.Make(fresh, json);
        File.SetLastWriteTimeUtc(fresh, at.UtcDateTime);
        File.Move(fresh, Copy, overwrite: true);
    }

    private void SayIfNone()
    {
        if (_options.AndroidStatusList is not null)
        {
            return;
        }

        foreach (var profile in _profiles.All.Where(profile => profile.Attestation.Formats.Contains("android-key") && profile.Attestation.StatusList?.AcceptMissing != true))
        {
            None(_log, profile.Name);
        }
    }

    [LoggerMessage(LogLevel.Information, "the Android status list of {At} from {Source} is in force: {Certificates}")]
    private static partial void Loaded(ILogger log, string certificates, string source, string at);

    [LoggerMessage(LogLevel.Warning, "no Android status list from {Source}: {Problem}; what was loaded before stays in force")]
    private static partial void Failed(ILogger log, string source, string problem);

    [LoggerMessage(LogLevel.Information, "the profile {Profile} takes android-key, but no --android-status-list is given: all of its evidence will be refused")]
    private static partial void None(ILogger log, string profile);

    [LoggerMessage(LogLevel.Debug, "the Android status list is no longer looked after")]
    private static partial void Stopped(ILogger log);
}

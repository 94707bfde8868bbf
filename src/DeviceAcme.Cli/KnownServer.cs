using System.CommandLine;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using DeviceAcme.Core.Profiles;
using DeviceAcme.Protocol.Admin;

namespace DeviceAcme.Cli;

/// <summary>A server as its clients must know it: where its directories are, what its profiles say, which root to trust.</summary>
/// <remarks>Read from files: it need not run. What the options leave open, the server wrote into its data directory when it started.</remarks>
internal sealed class KnownServer
{
    private const int MaximumRootFile = 1024 * 1024;

    private readonly Uri? _url;
    private readonly string _profilesDirectory;
    private readonly string? _rootFile;
    private readonly string _defaultRoot;

    private KnownServer(Uri? url, string profilesDirectory, string? rootFile, string defaultRoot)
    {
        _url = url;
        _profilesDirectory = profilesDirectory;
        _rootFile = rootFile;
        _defaultRoot = defaultRoot;
    }

    /// <summary>The base URL without a slash at its end; null where nobody said it.</summary>
    public string? KnownUrl => _url?.AbsoluteUri.TrimEnd('/');

    /// <summary>The base URL without a slash at its end.</summary>
    public string Url => KnownUrl
        ?? throw new WrongUse("the server's URL is not known", "--url https://acme.example says it; a server that was started once has written it into its --data directory");

    /// <summary>True where devices elsewhere would look for the server on themselves.</summary>
    public bool IsLoopback => _url is { IsLoopback: true };

    /// <summary>The file with the root to trust, PEM, an absolute path; null where there is none.</summary>
    public string? RootFile => _rootFile ?? (File.Exists(_defaultRoot) ? Path.GetFullPath(_defaultRoot) : null);

    /// <exception cref="CommandFailure">An option is wrong, or nobody said where the profiles are.</exception>
    public static KnownServer Open(ParseResult parsed, ServerChoices choices) => Find(parsed, choices)
        ?? throw new WrongUse("the folder of the profiles is not known", "--profiles DIR says where it is; a server that was started once has written it into its --data directory");

    /// <summary>The same; null where nobody said where the profiles are.</summary>
    public static KnownServer? Find(ParseResult parsed, ServerChoices choices)
    {
        var data = parsed.GetRequiredValue(choices.Data);
        var last = RunningServer.Read(Path.Combine(data, RunningServer.FileName));
        var url = parsed.GetValue(choices.Url) is { } text ? HttpsUrl(text) : last?.Url;
        var profiles = parsed.GetValue(choices.Profiles)
            ?? new[] { last?.ProfilesDirectory, Path.Combine(AppContext.BaseDirectory, "profiles") }.FirstOrDefault(Directory.Exists);
        if (profiles is null)
        {
            return null;
        }

        var root = parsed.GetValue(choices.Root);
        if (root is not null && !File.Exists(root))
        {
            throw new WrongUse($"--root: no file {root}");
        }

        return new KnownServer(url, profiles, root is null ? null : Path.GetFullPath(root), Path.Combine(data, "ca", "root.pem"));
    }

    /// <param name="ticket">The code of the ticket whose own directory it is; null for the profile's.</param>
    public string DirectoryUrl(string profile, string? ticket = null) => ticket is null ? $"{Url}/acme/{profile}/directory" : $"{Url}/acme/{profile}/{ticket}/directory";

    /// <summary>The names of all profile files.</summary>
    public IReadOnlyList<string> ProfileNames => Directory.Exists(_profilesDirectory)
        ? [.. Directory.EnumerateFiles(_profilesDirectory).Where(IsProfile).Select(file => Path.GetFileNameWithoutExtension(file)!).Order(StringComparer.Ordinal)]
        : throw new CommandFailure($"no folder {_profilesDirectory}");

    /// <exception cref="CommandFailure">There is no such profile, or its file has mistakes.</exception>
    public CertificateProfile Profile(string name)
    {
        if (!ProfileNames.Contains(name))
        {
            throw new CommandFailure($"no profile is named '{name}' in {_profilesDirectory}", NearestName.Hint(name, [.. ProfileNames]));
        }

        var file = Directory.EnumerateFiles(_profilesDirectory).First(file => IsProfile(file) && Path.GetFileNameWithoutExtension(file) == name);
        var mistakes = new Mistakes();
        var size = new FileInfo(file).Length;
        var profile = size <= 4 * ProfileFile.MaximumLength ? ProfileFile.Parse(file, File.ReadAllText(file), mistakes) : null;
        return profile ?? throw new CommandFailure(mistakes.Errors.Count > 0 ? string.Join(Environment.NewLine, mistakes.Errors) : $"{file} has {size} octets: too much for a profile");
    }

    /// <summary>The roots to trust; empty where no file is known.</summary>
    public IReadOnlyList<X509Certificate2> Roots() => RootFile is { } file ? Certificates(file) : [];

    /// <summary>All certificates of a PEM file, or the one of a DER file.</summary>
    public static IReadOnlyList<X509Certificate2> Certificates(string file)
    {
        try
        {
            if (new FileInfo(file).Length > MaximumRootFile)
            {
                throw new CommandFailure($"{file}: more than {MaximumRootFile} octets");
            }

            var octets = File.ReadAllBytes(file);
            var certificates = new X509Certificate2Collection();
            if (octets.AsSpan().IndexOf("-----BEGIN"u8) >= 0)
            {
                certificates.ImportFromPem(System.Text.Encoding.ASCII.GetString(octets));
            }
            else
            {
                certificates.Add(X509CertificateLoader.LoadCertificate(octets));
            }

            return certificates.Count > 0 ? [.. certificates] : throw new CommandFailure($"{file} has no certificate", "PEM or DER was expected");
        }
        catch (Exception exception) when (exception is CryptographicException or IOException or UnauthorizedAccessException)
        {
            throw new CommandFailure($"{file} cannot be read as certificates: {exception.Message}");
        }
    }

    /// <summary>An https URL without query and fragment.</summary>
    public static Uri HttpsUrl(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme == "https" && url is { Query: "", Fragment: "", UserInfo: "" }
            ? url
            : throw new WrongUse($"--url: expected an https URL such as https://acme.example, found '{text}'");

    private static bool IsProfile(string file) => Path.GetExtension(file) is ".yaml" or ".yml";
}

/// <summary>The options that say which server is meant.</summary>
internal sealed class ServerChoices
{
    public Option<string> Data { get; } = new("--data")
    {
        HelpName = "DIR",
        Description = "the server's data directory; DEVICEACME_DATA says it too",
        DefaultValueFactory = _ => Environment.GetEnvironmentVariable("DEVICEACME_DATA") is { Length: > 0 } folder ? folder : "data",
    };

    public Option<string?> Url { get; } = new("--url")
    {
        HelpName = "URL",
        Description = "what clients see of the server; DEVICEACME_URL says it too [default: what it wrote into its data directory]",
        DefaultValueFactory = _ => Environment.GetEnvironmentVariable("DEVICEACME_URL") is { Length: > 0 } url ? url : null,
    };

    public Option<string?> Profiles { get; } = new("--profiles")
    {
        HelpName = "DIR",
        Description = "folder of the profiles [default: that of the server, else the shipped ones]",
    };

    public Option<string?> Root { get; } = new("--root")
    {
        HelpName = "FILE",
        Description = "root certificate to trust, PEM or DER [default: ca/root.pem in the data directory, if it is there]",
    };

    public void AddTo(Command command)
    {
        command.Options.Add(Data);
        command.Options.Add(Url);
        command.Options.Add(Profiles);
        command.Options.Add(Root);
    }
}

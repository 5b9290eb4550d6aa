import { PrismaPg } from '@prisma/adapter-pg';
import { ColumnTypeEnum } from '@prisma/driver-adapter-utils';

const catalogCharOid = 18; // the type "char" of the system catalogue
const textOid = 25;

/** The pg adapter with what adapter-pg 7.10.1 lacks for the schema engine; without a shadow URL it makes shadows itself. */
export function createAdapterFactory(databaseUrl, shadowDatabaseUrl) {
  const schema = new URL(databaseUrl).searchParams.get('schema') ?? undefined;
  const connect = async (config) => repairConnection(await new PrismaPg(config, { schema }).connect());
  const factory = new PrismaPg(connectionConfig(databaseUrl), { schema });
  factory.connect = () => connect({ ...connectionConfig(databaseUrl), max: 4 });
  factory.connectToShadowDb = async () => {
    if (shadowDatabaseUrl) return connect(connectionConfig(shadowDatabaseUrl));

    const database = `prisma_migrate_shadow_db_${crypto.randomUUID()}`;
    const main = await factory.connect();
    await main.executeScript(`CREATE DATABASE "${database}"`);
    const shadow = await connect({ ...connectionConfig(databaseUrl), database, max: 2 });
    const closeShadow = shadow.dispose.bind(shadow);
    shadow.dispose = async () => {
      await closeShadow();
      await main.executeScript(`DROP DATABASE IF EXISTS "${database}" WITH (FORCE)`);
      await main.dispose();
    };
    return shadow;
  };
  return factory;
}

/** Discrete fields: beside a `connectionString`, pg ignores the name of the shadow database. */
export function connectionConfig(url) {
  const { hostname, port, username, password, searchParams } = new URL(url);
  const sslMode = searchParams.get('sslmode') ?? 'disable';
  return {
    host: searchParams.get('host') ?? decodeURIComponent(hostname),
    port: Number(port || 5432),
    user: decodeURIComponent(username),
    password: decodeURIComponent(password),
    database: databaseName(url),
    ssl: sslMode === 'disable' ? false : { rejectUnauthorized: sslMode.startsWith('verify') },
  };
}

/** Sends scripts whole, where the adapter splits them at each `;`, and reads the type "char", which it refuses. */
function repairConnection(connection) {
  connection.executeScript = async (script) => {
    try {
      await connection.underlyingDriver().query(script);
    } catch (error) {
      connection.onError(error);
    }
  };
  return readCatalogChar(connection);
}

/** "char" columns pass the adapter as text and become characters in its answer. The engine asks one thing at a time. */
function readCatalogChar(connection) {
  const performIO = connection.performIO.bind(connection);
  const queryRaw = connection.queryRaw.bind(connection);
  let charColumns = new Set();
  connection.performIO = async (query) => {
    const result = await performIO(query);
    charColumns = new Set();
    for (const [index, field] of result.fields.entries()) {
      if (field.dataTypeID !== catalogCharOid) continue;
      field.dataTypeID = textOid;
      charColumns.add(index);
    }
    return result;
  };
  connection.queryRaw = async (query) => {
    const answer = await queryRaw(query);
    const columnTypes = answer.columnTypes.map((type, index) =>
      charColumns.has(index) ? ColumnTypeEnum.Character : type,
    );
    return { ...answer, columnTypes };
  };
  return connection;
}

/** The database that a connection string names; postgres when it names none. */
export function databaseName(url) {
  return decodeURIComponent(new URL(url).pathname.slice(1)) || 'postgres';
}
